"""Downloads of objects whose names the folder of this machine cannot contain."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.errors import FilesSkipped
from launchpad_tui.services import storable_names
from launchpad_tui.services.folder_downloads import download_folder
from launchpad_tui.services.storable_names import folds_names, reasons_to_skip
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores import scripted_s3

#: keys of objects that are downloaded, with the files in the target folder
STORED = {
    "d/ok.txt": "ok.txt",
    "d/dbl//x.bin": "dbl/／/x.bin",
    "d//lead.bin": "／/lead.bin",
    "d/dots/../../../escape.txt": "dots/．．/．．/．．/escape.txt",
    "d/./a.txt": "．/a.txt",
    "d/marker/": "marker/／",
    "d/a/b": "a/b",
    "d/nul\0": "␀nul%00",
}
SKIPPED = {"d/a": "a", "d/" + "n" * 300: "n" * 300, f"d/{'m' * 256}/x": f"{'m' * 256}/x"}


def test_other_files_are_downloaded_and_skipped_ones_reported(tmp_path: Path) -> None:
    target = tmp_path / "one" / "two"
    with scripted_s3.serve({key: key.encode() for key in {**STORED, **SKIPPED}}) as server:
        store = open_store(KINDS["s3"], server.values())
        with pytest.raises(FilesSkipped) as caught:
            download_folder(store, ArtifactUrl("s", "d"), target, {}, None, overwrite=False)
    assert set(caught.value.paths) == set(SKIPPED.values())
    assert caught.value.downloaded == len(STORED)
    assert "a: Other files are in a folder of the same name." in caught.value.detail
    assert "File name too long." in caught.value.detail
    found = {str(each.relative_to(target)): each for each in target.rglob("*") if each.is_file()}
    assert set(found) == set(STORED.values())
    for key, path in STORED.items():
        assert found[path].read_bytes() == key.encode()
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == list(found.values())


def test_single_file_with_a_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    name = "n" * 300
    with scripted_s3.serve({name: b"1"}) as server:
        store = open_store(KINDS["s3"], server.values())
        with pytest.raises(FilesSkipped, match="1 file cannot be stored"):
            download_folder(store, ArtifactUrl("s", name), tmp_path, {}, None, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_names_that_the_file_system_does_not_distinguish_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ["A/x", "a/X", "b/x", "b/e\u0301", "b/\u00e9", "c"]
    assert folds_names(tmp_path) is False
    assert reasons_to_skip(tmp_path, paths) == {}
    monkeypatch.setattr(storable_names, "folds_names", lambda _: True)
    assert reasons_to_skip(tmp_path, paths) == {
        "a/X": "The file system does not distinguish it from 'A/x'.",
        "b/\u00e9": "The file system does not distinguish it from 'b/e\u0301'.",
    }
    assert list(tmp_path.iterdir()) == []
