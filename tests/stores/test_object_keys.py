"""Keys that are not valid paths, and listings that do not follow the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.errors import ConfigError, LaunchpadError, RuntimeRejected
from launchpad_tui.services import stored_files
from launchpad_tui.services.folder_downloads import download_folder
from launchpad_tui.stores import bucket
from launchpad_tui.stores.base import ObjectStore, SourceFile, check_path, open_store
from launchpad_tui.stores.bucket_protocol import BucketPage
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.object_keys import ListingCheck, key_of, path_of
from tests.stores import scripted_s3
from tests.stores.faulty_relay import relaying
from tests.stores.scripted_s3 import Reply, Server

#: keys that Amazon S3 allows, with the paths by which they are listed
KEYS = {
    "dbl//x.bin": "dbl/／/x.bin",
    "dbl/y.bin": "dbl/y.bin",
    "/lead.bin": "／/lead.bin",
    "dots/../escape.txt": "dots/．．/escape.txt",
    "dots/./a.txt": "dots/．/a.txt",
    "..": "．．",
    "/": "／/／",
    "marker/": "marker/／",
    "marker/in.txt": "marker/in.txt",
    "／/x": "‛／/x",
    "‛．": "‛‛．",
    "it‛s": "it‛s",
    "nul\0%00": "␀nul%00%2500",
    "b\\c": "b\\c",
}


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted_s3.serve({key: key.encode() for key in KEYS}) as running:
        running.objects["folder/"] = b""
        yield running


def opened(server: Server, **more: str) -> ObjectStore:
    return open_store(KINDS["s3"], server.values(**more))


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_valid_path(key: str) -> None:
    assert path_of(key) == KEYS[key]
    assert check_path(path_of(key)) == KEYS[key]
    assert key_of(KEYS[key]) == key


@given(st.text("/.．／‛␀%0\0a", max_size=12))
def test_paths_of_keys_are_unique_and_valid(key: str) -> None:
    path = path_of(key)
    assert key_of(path) == key
    assert check_path(path) == path


@given(st.lists(st.text("．／‛␀%0a", min_size=1, max_size=4), min_size=1, max_size=3))
def test_paths_of_files_are_listed_as_they_were_stored(parts: list[str]) -> None:
    path = "/".join(parts)
    if key_of(path) != path:
        return
    assert path_of(key_of(path)) == path


def test_all_objects_are_listed_and_read(server: Server) -> None:
    store = opened(server)
    found = {each.path: each.size for each in store.list()}
    assert found == {path: len(key.encode()) for key, path in KEYS.items()}
    for key, path in KEYS.items():
        assert store.stat(path).size == len(key.encode())
        assert b"".join(store.read(path)) == key.encode()


def test_all_objects_are_reached_by_browsing(server: Server) -> None:
    store = opened(server)
    found, folders = set(), [""]
    while folders:
        page = store.browse(folders.pop())
        folders += page.folders
        found |= {each.path for each in page.objects}
    assert found == set(KEYS.values())
    assert store.browse("dbl").folders == ("dbl/／",)


def test_objects_are_deleted_and_written_by_their_paths(server: Server, tmp_path: Path) -> None:
    store = opened(server)
    assert store.delete_prefix("dbl/／") == 1
    assert "dbl//x.bin" not in server.objects
    assert "dbl/y.bin" in server.objects
    (tmp_path / "file").write_bytes(b"new")
    store.put("dots/．．/escape.txt", tmp_path / "file")
    assert server.objects["dots/../escape.txt"] == b"new"


def test_path_prefix_can_be_such_a_key(server: Server) -> None:
    store = opened(server, path_prefix="dbl/／")
    assert [each.path for each in store.list()] == ["x.bin"]


def _page(*keys: str, token: str | None = None, truncated: str = "true", prefix: str = "") -> Reply:
    contents = "".join(
        f"<Contents><Key>{prefix}{key}</Key><Size>1</Size>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        for key in keys
    )
    following = "" if token is None else f"<NextContinuationToken>{token}</NextContinuationToken>"
    body = (
        f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>"
        f"{following}{contents}</ListBucketResult>"
    )
    return Reply(200, body.encode())


def _numbered(query: dict[str, str]) -> int:
    return int(query.get("continuation-token", "0"))


#: responses to ListObjectsV2 that break the protocol
FAULTS: dict[str, Callable[[dict[str, str]], Reply]] = {
    "the same token": lambda _: _page("a", token="same"),
    "a cycle of tokens": lambda query: _page(
        f"a{_numbered(query)}", token=str((_numbered(query) + 1) % 3)
    ),
    "the same objects with new tokens": lambda query: _page("a", token=str(_numbered(query) + 1)),
    "no token": lambda _: _page("a"),
    "no end": lambda _: Reply(200, b"<ListBucketResult></ListBucketResult>"),
    "another prefix": lambda _: _page("elsewhere/a", truncated="false"),
    "empty pages": lambda query: _page(token=str(_numbered(query) + 1)),
    "no size": lambda _: Reply(
        200,
        b"<ListBucketResult><IsTruncated>false</IsTruncated>"
        b"<Contents><Key>p/a</Key></Contents></ListBucketResult>",
    ),
    "a login page": lambda _: Reply(200, b"<html><body>Log in</body></html>"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_invalid_listing_is_an_error(
    server: Server, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ListingCheck, "EMPTY_PAGES", 10)
    prefix = "" if fault == "another prefix" else "p/"

    def answer(_method: str, _key: str, query: dict[str, str], _headers: object) -> Reply | None:
        if "list-type" not in query:
            return None
        if query["prefix"].startswith(".launchpad-staging"):
            return _page(truncated="false")
        reply = FAULTS[fault](query)
        return Reply(200, reply.body.replace(b"<Key>a", f"<Key>{prefix}a".encode()))

    server.answer = answer
    with pytest.raises(LaunchpadError) as caught:
        list(opened(server).list("p"))
    assert caught.value.title.startswith(("Invalid listing of", "Unexpected response from"))
    assert caught.value.detail
    assert caught.value.hint


@pytest.mark.parametrize("fault", ["cycle", "many"])
def test_invalid_listing_of_markers_is_an_error(
    server: Server, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_MARKER_LIMIT", 10)

    def answer(_method: str, _key: str, query: dict[str, str], _headers: object) -> Reply | None:
        if not query.get("prefix", "").startswith(".launchpad-staging"):
            return None
        number = _numbered(query) + 1
        token = str(number % 3) if fault == "cycle" else str(number)
        return _page(f"{query['prefix']}{number:09}", token=token)

    server.answer = answer
    with pytest.raises(RuntimeRejected, match="Invalid listing of"):
        list(opened(server).list("dbl"))


@pytest.mark.parametrize("fault", ["cycle", "many"])
def test_an_endless_list_of_incomplete_uploads_does_not_prevent_an_upload(
    server: Server, fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ListingCheck, "EMPTY_PAGES", 10)
    lists: list[str] = []

    def answer(_method: str, _key: str, query: dict[str, str], _headers: object) -> Reply | None:
        if "uploads" not in query:
            return None
        lists.append(_key)
        number = int(query.get("upload-id-marker", "0")) + 1
        number = number % 3 if fault == "cycle" else number
        body = (
            "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
            f"<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>{number}</NextUploadIdMarker>"
            "</ListMultipartUploadsResult>"
        )
        return Reply(200, body.encode())

    server.answer = answer
    (tmp_path / "file").write_bytes(b"content")
    opened(server).publish("new", [SourceFile(".", tmp_path / "file")])
    assert server.objects["new"] == b"content"
    assert 1 < len(lists) < 20


@pytest.mark.parametrize("fault", ["twice in a page", "on every page", "many"])
def test_a_download_of_an_endless_listing_ends(
    server: Server, fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stored_files, "FILE_LIMIT", 100)

    def answer(_method: str, _key: str, query: dict[str, str], _headers: object) -> Reply | None:
        if "list-type" not in query:
            return None
        if query["prefix"].startswith(".launchpad-staging"):
            return _page(truncated="false")
        if fault == "twice in a page":
            return _page("p/a", "p/a", truncated="false")
        number = _numbered(query) + 1
        repeated = ("p/z",) if fault == "on every page" else ()
        return _page(f"p/{number:09}", *repeated, token=str(number))

    server.answer = answer
    with pytest.raises(LaunchpadError, match=r"Invalid listing|Too many files"):
        download_folder(
            opened(server), ArtifactUrl("s", "p"), tmp_path / "t", {}, None, overwrite=False
        )
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("size", [20, 60, 120, 200, 400])
def test_responses_that_are_cut_anywhere_are_requested_again(server: Server, size: int) -> None:
    with relaying(server.port) as relay:
        values = server.values() | {"endpoint": f"http://127.0.0.1:{relay.port}"}
        store = open_store(KINDS["s3"], values)
        relay.cut_after, relay.cuts = size, 2
        assert [each.path for each in store.list("dbl")] == ["dbl/／/x.bin", "dbl/y.bin"]
        relay.cuts = 2
        assert b"".join(store.read("dbl/y.bin")) == b"dbl/y.bin"


@pytest.mark.parametrize("lost", ["the ETag of an object", "the body of a listing"])
def test_a_download_continues_after_a_response_that_was_cut(
    server: Server, lost: str, tmp_path: Path
) -> None:
    cut: list[str] = []

    def answer(method: str, key: str, query: dict[str, str], _headers: object) -> Reply | None:
        if lost.startswith("the body"):
            if "list-type" in query and query["prefix"] == "dbl/" and len(cut) < 2:
                cut.append(key)
                return Reply(200, b"")
        elif method == "GET" and key == "dbl/y.bin" and len(cut) < 2:
            cut.append(key)
            return Reply(206, b"", {"Content-Range": "bytes 0-8/9"})
        return None

    server.answer = answer
    files, fetched = download_folder(
        opened(server), ArtifactUrl("s", "dbl"), tmp_path, {}, None, overwrite=False
    )
    assert (len(cut), fetched) == (2, 2)
    assert files["y.bin"].read_bytes() == b"dbl/y.bin"


def test_pages_that_make_progress_are_accepted() -> None:
    check = ListingCheck("bucket 'b'")
    for number in range(50):
        check.add(BucketPage((), (f"p{number}/",) if number % 2 else (), str(number)))
    with pytest.raises(RuntimeRejected):
        check.add(BucketPage((), (), "3"))


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (
            scripted_s3.error(
                301,
                "PermanentRedirect",
                "Use the specified endpoint.",
                "<Endpoint>b.s3.eu-west-1.example.com</Endpoint>",
                x_amz_bucket_region="eu-west-1",
            ),
            "Set the region to eu-west-1 and the endpoint to b.s3.eu-west-1.example.com.",
        ),
        (
            scripted_s3.error(
                400,
                "AuthorizationHeaderMalformed",
                "the region 'us-east-1' is wrong",
                "<Region>eu-central-1</Region>",
            ),
            "Set the region to eu-central-1.",
        ),
        (
            scripted_s3.error(400, "IllegalLocationConstraintException"),
            "Check region, endpoint and addressing.",
        ),
    ],
)
def test_region_and_endpoint_of_the_response_are_shown(
    server: Server, reply: Reply, hint: str
) -> None:
    server.answer = lambda *_: reply
    with pytest.raises(ConfigError) as caught:
        opened(server).check()
    assert caught.value.hint == hint


def test_archived_object_is_reported_as_such(server: Server) -> None:
    server.answer = lambda method, key, *_: (
        scripted_s3.error(403, "InvalidObjectState", "The storage class does not allow it")
        if method == "GET" and key == "dbl/y.bin"
        else None
    )
    with pytest.raises(LaunchpadError) as caught:
        list(opened(server).read("dbl/y.bin"))
    assert caught.value.title == "Object 'dbl/y.bin' in bucket 'scripted' is archived"
    assert caught.value.hint.startswith("Restore it")


def test_requester_pays_is_confirmed_in_every_request(server: Server, tmp_path: Path) -> None:
    unconfirmed = []

    def answer(
        method: str, key: str, _query: dict[str, str], headers: dict[str, str]
    ) -> Reply | None:
        if headers.get("x-amz-request-payer") == "requester":
            return None
        unconfirmed.append((method, key))
        return scripted_s3.error(403, "AccessDenied", "Access Denied")

    server.answer = answer  # type: ignore[assignment]
    with pytest.raises(LaunchpadError) as caught:
        list(opened(server).list("dbl"))
    assert "Requester pays" in caught.value.hint
    unconfirmed.clear()
    store = opened(server, requester_pays="true")
    (tmp_path / "file").write_bytes(b"new")
    store.check()
    store.put("new", tmp_path / "file")
    assert [each.path for each in store.list("dbl")] == ["dbl/／/x.bin", "dbl/y.bin"]
    assert b"".join(store.read("new")) == b"new"
    store.delete("new")
    assert unconfirmed == []
