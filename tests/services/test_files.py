"""Files of artifacts: storing, verifying, downloading, and open object stores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.config.credentials import STORE, Credentials, store_owner
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactFile,
    ArtifactKind,
    FileState,
    UrlState,
    new_artifact_id,
)
from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.transfer import Transfer
from launchpad_tui.errors import (
    ConfigError,
    Conflict,
    FilesExist,
    FilesMissing,
    InvalidInput,
    NotFound,
    ObjectMissing,
    Unreachable,
)
from launchpad_tui.registry import artifacts, connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.downloads import DownloadItem, fetch
from launchpad_tui.services.files import FileService
from launchpad_tui.services.verification import VerificationService

SCOPE = DEFAULT_SCOPE
URL = "ai://default/e1/model"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home").ensure()


@pytest.fixture
def registry(home: Home) -> Registry:
    registry = Registry(home.registry_path)
    known = [each.name for each in connections.connections(registry)]
    if SCOPE.connection not in known:
        connections.add_connection(registry, SCOPE.connection, "local", {})
        connections.add_group(registry, SCOPE)
        connections.add_store(registry, SCOPE, DEFAULT_STORE, "file", {})
    return registry


@pytest.fixture
def files(home: Home, registry: Registry) -> FileService:
    return FileService(home, registry, Credentials(home.credentials_path))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"weights")
    (folder / "sub" / "note ü.txt").write_bytes(b"n")
    (folder / "empty").mkdir()
    return folder


def add(registry: Registry, url: str = URL, found: tuple[ArtifactFile, ...] = ()) -> str:
    new = Artifact(
        new_artifact_id(), "m", ArtifactKind.MODEL, url, "", "s", "", (), None, now(), now()
    )
    artifacts.add(registry, SCOPE, new, found)
    return new.id


def states(registry: Registry, files: FileService, artifact_id: str) -> dict[str, FileState]:
    checks = VerificationService(registry, files).verify(SCOPE, artifact_id)
    return {check.file.path: check.state for check in checks}


def test_store_an_output_and_verify_it(
    files: FileService, registry: Registry, output: Path, home: Home
) -> None:
    seen: list[Transfer] = []
    stored = files.store_output(SCOPE, URL, output, seen.append)
    assert stored == (
        ArtifactFile("model.bin", 7, sha(b"weights")),
        ArtifactFile("sub/note ü.txt", 1, sha(b"n")),
    )
    assert (seen[-1].done, seen[-1].total) == (8, 8)
    one = add(registry, found=stored)
    assert files.recorded(SCOPE, one) == stored
    assert artifacts.artifact(registry, SCOPE, one).size == 8
    assert states(registry, files, one) == {
        "model.bin": FileState.INTACT,
        "sub/note ü.txt": FileState.INTACT,
    }
    there = home.files / "e1" / "model"
    (there / "model.bin").write_bytes(b"weighty")
    (there / "sub" / "note ü.txt").unlink()
    (there / "more").write_bytes(b"m")
    checks = {
        check.file.path: check for check in VerificationService(registry, files).verify(SCOPE, one)
    }
    assert {path: check.state for path, check in checks.items()} == {
        "model.bin": FileState.CHANGED,
        "sub/note ü.txt": FileState.MISSING,
        "more": FileState.EXTRA,
    }
    assert (checks["model.bin"].sha256, checks["model.bin"].size) == (sha(b"weighty"), 7)
    assert checks["sub/note ü.txt"].size is None
    (there / "model.bin").write_bytes(b"longer than before")
    assert states(registry, files, one)["model.bin"] is FileState.CHANGED


def test_an_output_that_is_one_file(
    files: FileService, registry: Registry, output: Path, tmp_path: Path
) -> None:
    stored = files.store_output(SCOPE, "ai://default/e1/model.tgz", output / "model.bin")
    assert stored == (ArtifactFile(".", 7, sha(b"weights")),)
    one = add(registry, "ai://default/e1/model.tgz", stored)
    assert states(registry, files, one) == {".": FileState.INTACT}
    assert files.download(SCOPE, one, tmp_path / "t") == (tmp_path / "t" / "model.tgz",)
    assert files.stage(SCOPE, "ai://default/e1/model.tgz", tmp_path / "s") == (
        tmp_path / "s" / "model.tgz",
    )


def test_files_added_manually_are_recorded_on_verification(
    files: FileService, registry: Registry, home: Home
) -> None:
    (home.files / "mine").mkdir()
    (home.files / "mine" / "a").write_bytes(b"a")
    one = add(registry, "ai://default/mine")
    assert files.size(SCOPE, "ai://default/mine") == 1
    assert files.size(SCOPE, "ai://default/nothing") is None
    assert states(registry, files, one) == {"a": FileState.UNRECORDED}
    assert VerificationService(registry, files).record(SCOPE, one) == (
        ArtifactFile("a", 1, sha(b"a")),
    )
    assert states(registry, files, one) == {"a": FileState.INTACT}
    assert artifacts.artifact(registry, SCOPE, one).size == 1
    (home.files / "mine" / "a").unlink()
    with pytest.raises(ObjectMissing):
        VerificationService(registry, files).record(SCOPE, one)
    assert states(registry, files, one) == {"a": FileState.MISSING}


def test_check_url(
    files: FileService, registry: Registry, output: Path, home: Home, tmp_path: Path
) -> None:
    files.store_output(SCOPE, URL, output)
    found = files.check_url(SCOPE, URL)
    assert (found.state, found.files, found.size) == (UrlState.OK, 2, 8)
    assert files.check_url(SCOPE, "ai://default/e1/mod").state is UrlState.EMPTY
    unknown = files.check_url(SCOPE, "ai://unknown/x")
    assert unknown.state is UrlState.UNKNOWN_STORE
    assert "default" in unknown.message
    with pytest.raises(InvalidInput):
        files.check_url(SCOPE, "http://x")
    connections.add_store(registry, SCOPE, "lost", "file", {"root": str(tmp_path / "not-mounted")})
    connections.add_store(registry, SCOPE, "odd", "no-such-kind", {})
    connections.add_store(
        registry, SCOPE, "cloud", "s3", {"bucket": "b", "endpoint": "http://127.0.0.1:9"}
    )
    Credentials(home.credentials_path).set(
        STORE, store_owner(SCOPE, "cloud"), {"access_key_id": "AK", "secret_access_key": "geheim"}
    )
    for name in ("lost", "odd", "cloud"):
        check = files.check_url(SCOPE, f"ai://{name}/x")
        assert check.state is UrlState.UNREACHABLE
        assert "geheim" not in check.message


def test_links_inside_are_followed_and_outside_refused(
    files: FileService, output: Path, tmp_path: Path
) -> None:
    (output / "latest").symlink_to("model.bin")
    (output / "again").symlink_to("sub")
    stored = files.store_output(SCOPE, URL, output)
    assert [each.path for each in stored] == [
        "again/note ü.txt",
        "latest",
        "model.bin",
        "sub/note ü.txt",
    ]
    (tmp_path / "secret").write_text("s")
    (output / "out").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput) as caught:
        files.store_output(SCOPE, "ai://default/e2/model", output)
    assert str(tmp_path / "secret") in caught.value.detail
    assert files.check_url(SCOPE, "ai://default/e2").state is UrlState.EMPTY


def test_outputs_that_cannot_be_stored(files: FileService, output: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "in").symlink_to(".")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "p")
    (tmp_path / "dangling").mkdir()
    (tmp_path / "dangling" / "d").symlink_to("nothing")
    (tmp_path / "bytes").mkdir()
    (Path(os.fsdecode(os.fsencode(tmp_path / "bytes") + b"/\xff"))).write_text("x")
    for name in ("loop", "pipe", "dangling", "bytes", "nothing", "output/empty"):
        with pytest.raises(InvalidInput):
            files.store_output(SCOPE, URL, tmp_path / name)
    assert files.check_url(SCOPE, URL).state is UrlState.EMPTY


def test_storing_the_same_output_twice(files: FileService, output: Path) -> None:
    first = files.store_output(SCOPE, URL, output)
    assert files.store_output(SCOPE, URL, output) == first
    (output / "model.bin").write_bytes(b"weighty")
    with pytest.raises(Conflict):
        files.store_output(SCOPE, URL, output)
    (output / "new").write_bytes(b"")
    with pytest.raises(Conflict):
        files.store_output(SCOPE, URL, output)
    assert files.delete_output(SCOPE, URL) == 2


def test_download(files: FileService, registry: Registry, output: Path, tmp_path: Path) -> None:
    stored = files.store_output(SCOPE, URL, output)
    one = add(registry, found=stored)
    target = tmp_path / "target"
    got = files.download(SCOPE, one, target)
    assert got == (target / "model.bin", target / "sub" / "note ü.txt")
    assert [path.read_bytes() for path in got] == [b"weights", b"n"]
    (target / "model.bin").write_bytes(b"mine")
    (target / "sub" / "note ü.txt").unlink()
    with pytest.raises(Conflict) as caught:
        files.download(SCOPE, one, target)
    assert "model.bin" in caught.value.detail
    assert (target / "model.bin").read_bytes() == b"mine"
    assert list((target / "sub").iterdir()) == []
    files.download(SCOPE, one, target, overwrite=True)
    assert (target / "model.bin").read_bytes() == b"weights"


def test_an_interrupted_download_leaves_no_partial_file(
    files: FileService, registry: Registry, output: Path, tmp_path: Path
) -> None:
    (output / "model.bin").write_bytes(b"x" * 5_000_000)
    one = add(registry, found=files.store_output(SCOPE, URL, output))

    def stop(at: Transfer) -> None:
        if at.done > 2_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.download(SCOPE, one, tmp_path / "target", stop)
    assert not [
        path
        for path in (tmp_path / "target").rglob("*")
        if path.is_file() and path.suffix != ".part"
    ]
    files.download(SCOPE, one, tmp_path / "target")
    assert sorted(
        path.name for path in (tmp_path / "target").rglob("*") if path.is_file()
    ) == sorted(path.name for path in output.rglob("*") if path.is_file())


def test_a_missing_recorded_file_is_reported(
    files: FileService, registry: Registry, output: Path, home: Home, tmp_path: Path
) -> None:
    one = add(registry, found=files.store_output(SCOPE, URL, output))
    (home.files / "e1/model/sub/note ü.txt").unlink()
    with pytest.raises(FilesMissing) as caught:
        files.download(SCOPE, one, tmp_path / "target")
    assert caught.value.paths == ("sub/note ü.txt",)
    assert caught.value.downloaded == 1
    assert "note ü.txt" in caught.value.detail
    assert (tmp_path / "target" / "model.bin").read_bytes() == b"weights"


def test_complete_files_are_not_downloaded_again(
    files: FileService,
    registry: Registry,
    output: Path,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = add(registry, found=files.store_output(SCOPE, URL, output))
    target = tmp_path / "target"
    files.download(SCOPE, one, target)
    read: list[str] = []
    store = files.store(SCOPE, DEFAULT_STORE)
    original = store.read

    def record(path: str, *arguments: Any) -> Iterator[bytes]:
        read.append(path)
        return original(path, *arguments)

    monkeypatch.setattr(store, "read", record)
    seen: list[Transfer] = []
    assert len(files.download(SCOPE, one, target, seen.append)) == 2
    assert (read, seen[-1].done) == ([], 8)
    (target / "model.bin").write_bytes(b"weighty")
    with pytest.raises(FilesExist, match="already exist") as caught:
        files.download(SCOPE, one, target)
    assert caught.value.detail == str(target / "model.bin")
    files.download(SCOPE, one, target, overwrite=True)
    assert read == ["e1/model/model.bin"]
    assert (target / "model.bin").read_bytes() == b"weights"


def test_a_repeated_download_without_checksums_is_complete(
    files: FileService, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "deep/b.csv", "empty"):
        path = home.files / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else name.encode() * 3)
    target = tmp_path / "target"
    first = files.stage(SCOPE, "ai://default/data", target)
    assert (first.fetched, first.summary(target)) == (3, f"Downloaded 3 files to {target}")
    again = files.stage(SCOPE, "ai://default/data", target)
    assert again == first
    assert again.summary(target) == f"Nothing to download: 3 files are complete in {target}"
    (target / "empty").unlink()
    partly = files.stage(SCOPE, "ai://default/data", target)
    assert partly.summary(target).startswith(f"Downloaded 1 of 3 files to {target}; the others")
    # Another content of the same size is not complete, and neither is one that cannot be read.
    (target / "a.csv").write_bytes(b"a.csv" * 2 + b"b.csv")
    with pytest.raises(FilesExist) as caught:
        files.stage(SCOPE, "ai://default/data", target)
    assert caught.value.detail == str(target / "a.csv")
    (target / "a.csv").write_bytes(b"a.csv" * 3)

    def refuse(path: str, *_: Any) -> Iterator[bytes]:
        raise Unreachable(f"No response for {path}")

    monkeypatch.setattr(files.store(SCOPE, DEFAULT_STORE), "read", refuse)
    with pytest.raises(FilesExist):
        files.stage(SCOPE, "ai://default/data", target)


def test_an_interrupted_download_of_a_folder_is_resumed(
    files: FileService, registry: Registry, home: Home, tmp_path: Path
) -> None:
    """The files have no recorded checksums."""
    for number in range(20):
        path = home.files / "data" / "deep" / f"{number:02}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 100)
    target = tmp_path / "target"

    def stop(at: Transfer) -> None:
        if at.done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.stage(SCOPE, "ai://default/data", target, stop)
    complete = sorted(target.rglob("*.csv"))
    assert 0 < len(complete) < 20
    # A file that was changed by the user since is not replaced.
    content = complete[0].read_bytes()
    complete[0].write_bytes(b"mine")
    with pytest.raises(FilesExist) as caught:
        files.stage(SCOPE, "ai://default/data", target)
    assert caught.value.detail == str(complete[0])
    complete[0].unlink()
    times = {path: path.stat().st_mtime_ns for path in complete[1:]}
    assert len(files.stage(SCOPE, "ai://default/data", target)) == 20
    assert complete[0].read_bytes() == content
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert [path.name for path in target.iterdir()] == ["deep"]


def test_a_name_that_the_file_system_does_not_allow_leaves_no_file(
    files: FileService, home: Home, tmp_path: Path
) -> None:
    store = files.store(SCOPE, DEFAULT_STORE)
    (home.files / "x").write_bytes(b"x")
    item = DownloadItem(store.stat("x"), tmp_path / "target" / ("n" * 300))
    (tmp_path / "target").mkdir()
    with pytest.raises(InvalidInput, match="too long"):
        fetch(store, [item], lambda *_: None)
    assert list((tmp_path / "target").iterdir()) == []


def test_a_changed_file_is_not_downloaded(
    files: FileService, registry: Registry, output: Path, home: Home, tmp_path: Path
) -> None:
    one = add(registry, found=files.store_output(SCOPE, URL, output))
    (home.files / "e1/model/model.bin").write_bytes(b"weighty")
    with pytest.raises(Conflict):
        files.download(SCOPE, one, tmp_path / "target")
    assert not (tmp_path / "target" / "model.bin").exists()


def test_download_does_not_follow_links_outside_the_target(
    files: FileService, registry: Registry, output: Path, tmp_path: Path
) -> None:
    one = add(registry, found=files.store_output(SCOPE, URL, output))
    target, outside = tmp_path / "target", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / "sub").symlink_to(outside)
    with pytest.raises(InvalidInput):
        files.download(SCOPE, one, target)
    assert list(outside.iterdir()) == []


def test_missing_objects_stores_and_artifacts(
    files: FileService, registry: Registry, tmp_path: Path
) -> None:
    one = add(registry)
    with pytest.raises(ObjectMissing):
        files.download(SCOPE, one, tmp_path / "t")
    assert not (tmp_path / "t").exists()
    with pytest.raises(NotFound):
        files.stage(SCOPE, "ai://unknown/x", tmp_path / "t")
    with pytest.raises(NotFound):
        VerificationService(registry, files).verify(SCOPE, "no-such-id")


def test_new_credentials_are_used_immediately(
    files: FileService, registry: Registry, home: Home, tmp_path: Path
) -> None:
    connections.add_store(registry, SCOPE, "other", "file", {"root": str(home.files)})
    first = files.store(SCOPE, "other")
    assert files.store(SCOPE, "other") is first
    connections.edit_store(registry, SCOPE, "other", {"root": str(tmp_path)})
    assert files.store(SCOPE, "other") is not first
    assert str(tmp_path) in files.store(SCOPE, "other").check()


def test_a_store_stays_open_while_the_keyring_is_locked(
    home: Home, registry: Registry, tmp_path: Path
) -> None:
    """An execution may continue after its user has logged out."""
    connections.add_store(
        registry, SCOPE, "lake", "s3", {"bucket": "b", "endpoint": "http://127.0.0.1:9"}
    )

    class Keyring(Credentials):
        locked = False

        def get(self, kind: str, owner: str) -> Mapping[str, str]:
            if self.locked:
                raise ConfigError("The keyring is locked")
            return super().get(kind, owner)

    keyring = Keyring(home.credentials_path)
    keyring.set(STORE, store_owner(SCOPE, "lake"), {"access_key_id": "a", "secret_access_key": "b"})
    service = FileService(home, registry, keyring)
    opened = service.store(SCOPE, "lake")
    keyring.locked = True
    assert service.store(SCOPE, "lake") is opened
    connections.edit_store(
        registry, SCOPE, "lake", {"bucket": "other", "endpoint": "http://127.0.0.1:9"}
    )
    with pytest.raises(ConfigError):
        service.store(SCOPE, "lake")
    with pytest.raises(ConfigError):
        FileService(home, registry, keyring).store(SCOPE, "lake")
