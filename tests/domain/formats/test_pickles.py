"""Pickles are found in all kinds of files, and their names are classified by risk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.formats import Preview, preview
from launchpad_tui.domain.formats.pickle_analysis import analyze_bytes
from launchpad_tui.domain.formats.pickle_names import Risk, risk_of
from tests.domain.formats.files import Evil, pickled

EVIL = pickled([1, Evil()], 4)


def preview_of(name: str, content: bytes) -> Preview:
    return preview(name, len(content), lambda offset, length: content[offset : offset + length])


def text(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


SYSTEM = b"\x93\x8c\x04true\x85R."
PROTO = b"\x80\x04"


@pytest.mark.parametrize(
    "content",
    [
        PROTO + text("posix") + text("system") + SYSTEM,
        PROTO + text("posix") + text("system") + text("x") + b"0" + SYSTEM,
        PROTO + text("system") + b"\x940" + text("posix") + b"h\x00" + SYSTEM,
        PROTO
        + text("posix")
        + b"q\x07"
        + b"0"
        + text("system")
        + b"q\x08"
        + b"0h\x07h\x08"
        + SYSTEM,
        PROTO + text("posix") + text("system") + b"(]]1" + SYSTEM,
        PROTO + text("posix") + text("system") + b"2000" + text("posix") + text("system") + SYSTEM,
        b"cposix\nsystem\n(S'true'\ntR.",
        b"(S'true'\niposix\nsystem\n.",
        b"(cposix\nsystem\nS'true'\no.",
    ],
    ids=["plain", "pop", "memo", "put", "pop-mark", "dup", "global", "inst", "obj"],
)
def test_names_are_found_however_they_reach_the_stack(content: bytes) -> None:
    assert risk_of("posix.system") is Risk.DANGEROUS
    assert "posix.system" in analyze_bytes(content).names


def test_attributes_of_functions_get_their_dotted_name() -> None:
    content = b"cbuiltins\ngetattr\n(cbuiltins\nprint\nS'__self__'\ntR."
    assert analyze_bytes(content).names["builtins.print.__self__"] is Risk.DANGEROUS


def test_pickles_after_the_first_are_analyzed() -> None:
    report = analyze_bytes(pickled() + pickle.dumps(3) + EVIL)
    assert report.pickles == 3
    assert report.names["posix.system"] is Risk.DANGEROUS


def test_data_after_the_last_pickle_is_reported() -> None:
    report = analyze_bytes(pickled() + b"\0" * 50)
    assert report.pickles == 1
    assert "50 bytes after the last pickle were not analyzed" in report.problem


def _zip(inner: bytes, name: str = "archive/weights.bin") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", b"text")
        archive.writestr(name, inner)
    return out.getvalue()


def _tar(inner: bytes, mode: Any = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo("model/model.bin")
        info.size = len(inner)
        archive.addfile(info, io.BytesIO(inner))
    return out.getvalue()


def _npy(_: bytes) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([Evil(), 1], dtype=object))
    return out.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "m.bin": bytes,
    "m.pt": lambda inner: _zip(inner, "archive/data.pkl"),
    "m.zip": _zip,
    "m.npz": lambda inner: _zip(_npy(inner), "weights.npy"),
    "m.npy": _npy,
    "m.tar": _tar,
    "m.tgz": lambda inner: _tar(inner, "w:gz"),
    "m.pkl.gz": gzip.compress,
    "m.joblib": zlib.compress,
    "m.pkl.bz2": bz2.compress,
    "m.pkl.xz": lzma.compress,
    "m.pkl.lzma": lambda inner: lzma.compress(inner, lzma.FORMAT_ALONE),
    "nested.zip": lambda inner: _zip(_tar(inner, "w:gz"), "inner.tgz"),
}


@pytest.mark.parametrize("name", PACKERS)
def test_pickles_are_found_in_every_kind_of_container(name: str) -> None:
    facts = dict(preview_of(name, PACKERS[name](EVIL)).facts)
    assert "posix.system" in facts["Dangerous"]


def test_members_too_large_to_unpack_are_reported_as_not_analyzed() -> None:
    found = preview_of("m.pkl.gz", gzip.compress(pickle.dumps(bytes(9 << 20)) + EVIL))
    assert "Not analyzed" in found.note
    assert "Not analyzed" in preview_of("m.joblib", b"\x04\x22\x4d\x18" + bytes(100)).note


@pytest.mark.parametrize(
    "name",
    [
        *("_pickle.loads", "timeit.timeit", "cProfile.run", "bdb.Bdb.run", "functools.partial"),
        *("operator.attrgetter", "types.CodeType", "pip._internal.cli.main.main"),
        *("sklearn.os.system", "torch.hub.load", "numpy.testing._private.utils.runstring"),
        *(
            "builtins.print.__class__.__base__.__subclasses__",
            "__builtin__.eval",
            "commands.getoutput",
        ),
        *("joblib.numpy_pickle.os.system", "torch._utils.sys.modules", "logging.config.listen"),
    ],
)
def test_names_that_run_code_are_dangerous(name: str) -> None:
    assert risk_of(name) is Risk.DANGEROUS


def test_names_of_unknown_packages_are_not_called_safe() -> None:
    assert risk_of("my_project.models.Network") is Risk.UNKNOWN


def _estimators() -> list[Any]:
    pytest.importorskip("sklearn")
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    values = np.random.default_rng(0).random((40, 3))
    target = (values[:, 0] > 0.5).astype(int)
    models = [
        RandomForestClassifier(3),
        HistGradientBoostingClassifier(max_iter=2),
        make_pipeline(StandardScaler(), SVC()),
        LogisticRegression(),
        KNeighborsClassifier(),
    ]
    return [each.fit(values, target) for each in models]


def test_models_of_scikit_learn_are_analyzed_to_their_end() -> None:
    for model in _estimators():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            report = analyze_bytes(pickle.dumps(model, protocol))
            assert not report.problem
            assert set(report.names.values()) == {Risk.COMMON}, report.names


@pytest.mark.parametrize(
    "compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)], ids=str
)
def test_arrays_that_joblib_writes_into_the_stream_are_skipped(compress: Any) -> None:
    joblib = pytest.importorskip("joblib")
    mixed = {
        "structured": np.zeros(3, dtype=[("a", "f4"), ("b", "i8")]),
        "objects": np.array([{"a": 1}, None], dtype=object),
        "dates": np.array(["2026-01-01"], dtype="M8[D]"),
        "texts": np.array(["abc"]),
        "columns": np.asfortranarray(np.ones((4, 3))),
        "empty": np.zeros((0, 3)),
        "models": _estimators(),
        "after": Evil(),
    }
    out = io.BytesIO()
    joblib.dump(mixed, out, compress=compress)
    found = preview_of("m.joblib", out.getvalue())
    assert dict(found.facts)["Dangerous"] == "posix.system"
    assert "Not analyzed" not in found.note


def test_files_of_torch_are_analyzed() -> None:
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
    for modern in (True, False):
        for value in (network, network.state_dict()):
            out = io.BytesIO()
            torch.save(value, out, _use_new_zipfile_serialization=modern)
            found = preview_of("m.pt", out.getvalue())
            assert {risk for _, risk in found.rows} == {"common"}
            out = io.BytesIO()
            torch.save([value, Evil()], out, _use_new_zipfile_serialization=modern)
            assert dict(preview_of("m.pt", out.getvalue()).facts)["Dangerous"] == "posix.system"


@given(st.binary(max_size=300))
def test_no_bytes_make_the_analysis_fail(content: bytes) -> None:
    for start in (b"", b"\x80\x04", b"(", b"c"):
        report = analyze_bytes(start + content)
        assert report.problem or report.pickles
