"""Markers of folders that are being published: leases, failed publishers, competing processes."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import (
    Conflict,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
    UploadInProgress,
)
from launchpad_tui.stores import publication_lease
from launchpad_tui.stores.process_identity import ProcessIdentity
from launchpad_tui.stores.publication import Publications, covers, digest_of
from launchpad_tui.stores.publication_lease import LEASE_SECONDS

ROOT = "p/.launchpad-staging/"
PATH = "e1/model"


class MemoryBucket:
    """A bucket in memory with its own clock, in which requests can be made to fail."""

    where = "bucket 'memory'"

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime, str]] = {}
        self.time = datetime(2026, 3, 1, tzinfo=UTC)
        self.down = False
        self.unreadable = False
        #: Whether the service can check the version of an object that is replaced.
        self.conditional = True
        #: Called before each request with its name and key.
        self.before: Callable[[str, str], None] = lambda *_: None
        self._versions = itertools.count()

    def _request(self, name: str, key: str) -> None:
        self.before(name, key)
        if self.down:
            raise Unreachable("The server is down")

    def read(
        self,
        key: str,
        offset: int,
        length: int | None,
        version: str,
    ) -> Iterator[bytes]:
        self._request("read", key)
        if self.unreadable:
            raise PermissionDenied("Reading is not allowed")
        if key not in self.objects:
            raise ObjectMissing("There is no such object")
        yield self.objects[key][0]

    def head(self, key: str) -> StoredObject:
        self._request("head", key)
        if key not in self.objects:
            raise ObjectMissing("There is no such object")
        body, modified, version = self.objects[key]
        return StoredObject(key, len(body), modified, "", version)

    def create(self, key: str, body: bytes) -> str:
        self._request("create", key)
        if key in self.objects:
            raise Conflict("The object exists")
        self.put(key, body)
        return self.objects[key][2] if self.conditional else ""

    def write(self, key: str, body: bytes, version: str = "") -> str:
        self._request("write", key)
        return self.receive(key, body, version)

    def receive(self, key: str, body: bytes, version: str) -> str:
        """Carry out a request to write."""
        if version and self.conditional:
            if key not in self.objects:
                raise ObjectMissing("There is no such object")
            if self.objects[key][2] != version:
                raise Conflict("The object was replaced")
        self.put(key, body)
        return self.objects[key][2] if self.conditional else ""

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._request("delete", key)
            self.objects.pop(key, None)

    def put(self, key: str, body: bytes = b"x") -> None:
        self.objects[key] = (body, self.time, str(next(self._versions)))

    def listed(self, prefix: str) -> Iterator[StoredObject]:
        self._request("list", prefix)
        for key, (body, modified, version) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield StoredObject(key, len(body), modified, "", version)

    def paths(self) -> list[str]:
        """Return the paths of all objects that are not markers."""
        return [key.removeprefix("p/") for key in sorted(self.objects) if ROOT not in key]

    def markers(self) -> list[str]:
        """Return the keys of all markers."""
        return [key for key in sorted(self.objects) if ROOT in key]


def publications(bucket: MemoryBucket) -> Publications:
    def below(path: str) -> list[str]:
        return [each for each in bucket.paths() if each == path or each.startswith(f"{path}/")]

    def exists(path: str) -> bool:
        bucket._request("list", path)
        return bool(below(path))

    def remove(path: str) -> None:
        bucket.delete([f"p/{each}" for each in below(path)])

    return Publications(bucket, ROOT, bucket.listed, exists, remove)


@pytest.fixture(params=[True, False], ids=["conditional", "unconditional"])
def bucket(request: pytest.FixtureRequest) -> MemoryBucket:
    found = MemoryBucket()
    found.conditional = request.param
    return found


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for servers that do not respond."""
    monkeypatch.setattr("launchpad_tui.stores.outages.OUTAGE_SECONDS", 0.0)


def leave_behind(
    bucket: MemoryBucket, path: str = PATH, *, uploading: bool = True, **owner: object
) -> None:
    """Leave the marker and an object of a publisher that has failed on another machine."""
    identity = {"boot": "other", "namespace": "1", "pid": 7, "started": "1", **owner}
    content = {"path": path, "publication": "x", "uploading": uploading, "owner": identity}
    bucket.put(f"{ROOT}{digest_of(path)}.json", json.dumps(content).encode())
    if uploading:
        bucket.put(f"p/{path}/old")


def publish(bucket: MemoryBucket, path: str = PATH, name: str = "new") -> None:
    with publications(bucket).publishing(path):
        assert covers(publications(bucket).unfinished(), f"{path}/{name}")
        bucket.put(f"p/{path}/{name}")


def test_a_path_is_hidden_until_all_objects_are_stored(bucket: MemoryBucket) -> None:
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []
    assert not publications(bucket).unfinished()
    with pytest.raises(Conflict, match="already exists"):
        publish(bucket)
    assert bucket.markers() == []


def test_only_the_path_and_what_is_below_it_are_hidden() -> None:
    digests = {digest_of("a/b")}
    assert covers(digests, "a/b")
    assert covers(digests, "a/b/c/d")
    assert not covers(digests, "a")
    assert not covers(digests, "a/bc")


def test_a_failed_upload_leaves_nothing(bucket: MemoryBucket) -> None:
    def upload() -> None:
        with publications(bucket).publishing(PATH):
            bucket.put(f"p/{PATH}/new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        upload()
    assert bucket.objects == {}


def test_the_owner_continues_at_once_after_an_outage(bucket: MemoryBucket) -> None:
    def upload() -> None:
        with publications(bucket).publishing(PATH):
            bucket.put(f"p/{PATH}/old")
            bucket.down = True
            raise Unreachable("The server is down")

    with pytest.raises(Unreachable):
        upload()
    bucket.down = False
    assert bucket.paths() == [f"{PATH}/old"]
    assert len(bucket.markers()) == 1
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


@pytest.mark.parametrize("request_name", ["create", "write", "delete", "list"])
def test_an_outage_at_any_request_does_not_block_the_path(
    bucket: MemoryBucket, request_name: str
) -> None:
    for failing in range(1, 12):
        seen = itertools.count(1)

        def fail(name: str, _key: str, failing: int = failing, seen: Iterator[int] = seen) -> None:
            if name == request_name and next(seen) >= failing:
                bucket.down = True

        bucket.before = fail
        with contextlib.suppress(Unreachable):
            publish(bucket)
        bucket.before, bucket.down = lambda *_: None, False
        if [*bucket.markers(), *bucket.paths()] != [f"{PATH}/new"]:
            publish(bucket)
        assert bucket.paths() == [f"{PATH}/new"]
        assert bucket.markers() == []
        bucket.objects.clear()


def test_a_lost_response_to_the_creation_of_the_marker(bucket: MemoryBucket) -> None:
    create = bucket.create
    lost: list[str] = []

    def create_and_repeat(key: str, body: bytes) -> str:
        # As a client that repeats a request to which it has received no response.
        if not lost:
            lost.append(key)
            create(key, body)
        return create(key, body)

    bucket.create = create_and_repeat  # type: ignore[method-assign]
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_a_marker_whose_creation_was_repeated_and_that_cannot_be_read(
    bucket: MemoryBucket,
) -> None:
    create, read = bucket.create, bucket.read
    created: list[str] = []

    def create_and_repeat(key: str, body: bytes) -> str:
        version = create(key, body)
        if not created:
            created.append(key)
            raise Conflict("The object exists")
        return version

    def fail_once(key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        if len(created) == 1:
            created.append("read")
            raise failure
        return read(key, offset, length, version)

    bucket.create = create_and_repeat  # type: ignore[method-assign]
    bucket.read = fail_once  # type: ignore[method-assign]
    failure: Exception = ValueError("A cut response")
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []
    created.clear()
    failure = Unreachable("The server is down")
    with pytest.raises(Unreachable):
        publish(bucket, "e2")
    publish(bucket, "e2")
    assert bucket.paths() == [f"{PATH}/new", "e2/new"]
    assert bucket.markers() == []


@pytest.mark.parametrize("damaged", [False, True])
def test_a_process_that_ends_while_it_takes_over_reveals_nothing(
    bucket: MemoryBucket, damaged: bool
) -> None:
    here = ProcessIdentity.current()
    ended = ProcessIdentity(here.boot, here.namespace, 2**22 + 1, "1").to_json()
    leave_behind(bucket, boot=here.boot, namespace=here.namespace, pid=2**22 + 1)
    next_marker = {"path": PATH, "publication": "y", "uploading": False, "owner": ended}
    body = b"" if damaged else json.dumps(next_marker).encode()
    bucket.put(f"{ROOT}{digest_of(PATH)}.1.json", body)
    if damaged:
        bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_a_damaged_marker_of_a_parent_is_removed_after_the_lease(bucket: MemoryBucket) -> None:
    bucket.put(f"{ROOT}{digest_of('e1')}.json", b"")
    assert publications(bucket).sweep(PATH) == {digest_of("e1")}
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    assert publications(bucket).sweep(PATH) == frozenset()
    assert bucket.markers() == []


def test_another_process_takes_over_when_the_lease_has_expired(bucket: MemoryBucket) -> None:
    leave_behind(bucket)
    bucket.time += timedelta(seconds=LEASE_SECONDS - 1)
    with pytest.raises(UploadInProgress, match="is being uploaded"):
        publish(bucket)
    assert bucket.paths() == [f"{PATH}/old"]
    bucket.time += timedelta(seconds=2)
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_the_rest_of_a_process_that_has_ended_on_this_machine(bucket: MemoryBucket) -> None:
    here = ProcessIdentity.current()
    leave_behind(
        bucket, boot=here.boot, namespace=here.namespace, pid=2**22 + 1, started=here.started
    )
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]


def test_a_process_that_is_running_on_this_machine_is_respected(bucket: MemoryBucket) -> None:
    here = ProcessIdentity.current()
    leave_behind(
        bucket, boot=here.boot, namespace=here.namespace, pid=here.pid, started=here.started
    )
    with pytest.raises(UploadInProgress):
        publish(bucket)
    # The process ID was used again by another process.
    leave_behind(bucket, boot=here.boot, namespace=here.namespace, pid=here.pid, started="0")
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]


def test_containers_with_equal_process_ids_are_distinguished() -> None:
    here = ProcessIdentity.current()
    gone = ProcessIdentity(here.boot, here.namespace, 2**22 + 1, "1")
    assert gone.has_ended()
    assert not ProcessIdentity(here.boot, "other namespace", 2**22 + 1, "1").has_ended()
    assert not ProcessIdentity("other boot", here.namespace, 2**22 + 1, "1").has_ended()
    assert not here.has_ended()
    assert ProcessIdentity.from_json(json.loads(json.dumps(here.to_json()))) == here
    assert ProcessIdentity.from_json({"pid": "x"}) is None


def leave_former_marker(bucket: MemoryBucket, path: str = PATH) -> None:
    """Leave the marker and an object of a publisher of a former version."""
    bucket.put(f"{ROOT}{digest_of(path)}.json", json.dumps({"path": path}).encode())
    bucket.put(f"p/{path}/old")


def test_a_marker_of_a_former_version_is_taken_over_without_activity(bucket: MemoryBucket) -> None:
    leave_former_marker(bucket)
    bucket.time += timedelta(minutes=9)
    bucket.put(f"p/{PATH}/recent")
    bucket.time += timedelta(minutes=9)
    # The publisher has stored an object since.
    with pytest.raises(UploadInProgress):
        publish(bucket)
    bucket.time += timedelta(minutes=2)
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_other_paths_keep_the_marker_of_a_former_version_for_a_week(bucket: MemoryBucket) -> None:
    leave_former_marker(bucket)
    bucket.time += timedelta(days=6)
    assert publications(bucket).sweep("e2/model") == {digest_of(PATH)}
    assert bucket.paths() == [f"{PATH}/old"]
    bucket.time += timedelta(days=2)
    assert publications(bucket).sweep("e2/model") == frozenset()
    assert bucket.objects == {}


@pytest.mark.parametrize("path", [PATH, "e1", f"{PATH}/part"])
def test_deleting_removes_related_markers_of_former_versions_at_once(
    bucket: MemoryBucket, path: str
) -> None:
    leave_former_marker(bucket)
    leave_former_marker(bucket, "e2/model")
    publications(bucket).clear(path)
    assert publications(bucket).sweep(path, unowned=0.0) == {digest_of("e2/model")}
    assert bucket.paths() == ["e2/model/old"]


def test_objects_are_kept_if_the_former_owner_had_not_begun_to_upload(bucket: MemoryBucket) -> None:
    """The path was published after the failed process had checked that it was empty."""
    leave_behind(bucket, uploading=False)
    bucket.put(f"p/{PATH}/published")
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    with pytest.raises(Conflict, match="already exists"):
        publish(bucket)
    assert bucket.paths() == [f"{PATH}/published"]
    assert bucket.markers() == []


def test_markers_that_cannot_be_read(bucket: MemoryBucket) -> None:
    leave_behind(bucket)
    bucket.unreadable = True
    assert covers(publications(bucket).unfinished(), f"{PATH}/old")
    publish(bucket, "e2/model")
    assert "e2/model/new" in bucket.paths()
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    # It is unknown whether the objects belong to the failed publication, so they are kept.
    with pytest.raises(Conflict, match="already exists"):
        publish(bucket)
    assert f"{PATH}/old" in bucket.paths()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'"x"', b"\xff", b'{"path": 3}'])
def test_damaged_markers(bucket: MemoryBucket, body: bytes) -> None:
    bucket.put(f"{ROOT}{digest_of(PATH)}.json", body)
    publications(bucket).sweep("other")
    publish(bucket, "e2")
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    publish(bucket)
    assert bucket.paths() == ["e1/model/new", "e2/new"]


def test_two_processes_take_over_the_same_marker(bucket: MemoryBucket) -> None:
    leave_behind(bucket)
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    other_published: list[bool] = []

    def compete(name: str, key: str) -> None:
        if name == "create" and not other_published:
            other_published.append(True)
            assert key.endswith(".1.json")
            publish(bucket, name="other")

    bucket.before = compete
    with pytest.raises(Conflict, match="already exists"):
        publish(bucket)
    assert bucket.paths() == [f"{PATH}/other"]
    assert bucket.markers() == []


def test_a_marker_that_was_renewed_is_not_taken_over(bucket: MemoryBucket) -> None:
    leave_behind(bucket)
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)

    def renew(name: str, _key: str) -> None:
        if name == "create":
            leave_behind(bucket)

    bucket.before = renew
    with pytest.raises(UploadInProgress):
        publish(bucket)
    assert bucket.paths() == [f"{PATH}/old"]
    assert len(bucket.markers()) == 1


def test_a_path_that_is_published_during_the_creation_of_the_marker(bucket: MemoryBucket) -> None:
    def compete(name: str, _key: str) -> None:
        if name == "create":
            bucket.before = lambda *_: None
            publish(bucket, name="other")

    bucket.before = compete
    with pytest.raises(Conflict, match="already exists"):
        publish(bucket)
    assert bucket.paths() == [f"{PATH}/other"]
    assert bucket.markers() == []


def test_threads_publish_a_path_once(bucket: MemoryBucket) -> None:
    lock = threading.RLock()
    outcomes: list[str] = []
    for name in ("create", "write", "put"):
        method = getattr(bucket, name)

        def locked(*arguments: object, method: Callable[..., object] = method) -> object:
            with lock:
                return method(*arguments)

        setattr(bucket, name, locked)

    def work(number: int) -> None:
        try:
            publish(bucket, name=str(number))
            outcomes.append(str(number))
        except Conflict:
            pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert bucket.paths() == [f"{PATH}/{outcomes[0]}"]
    assert bucket.markers() == []


def test_a_publisher_that_cannot_renew_its_marker_stops(
    bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(publication_lease, "_clock", lambda: clock[0])
    moved: list[int] = []

    def upload() -> None:
        with publications(bucket).publishing(PATH) as lease:
            report = lease.reporting(moved.append)
            bucket.put(f"p/{PATH}/old")
            report(5)
            clock[0] += publication_lease.VALID_SECONDS + 1
            report(5)

    with pytest.raises(Unreachable, match="was interrupted"):
        upload()
    assert moved == [5]
    # Another process may be uploading to the path now, so its objects are not deleted.
    assert bucket.paths() == [f"{PATH}/old"]
    publish(bucket)
    assert bucket.paths() == [f"{PATH}/new"]


def test_markers_are_renewed_during_an_upload(
    bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication_lease, "RENEW_SECONDS", 0.01)
    renewed = threading.Event()

    def count(name: str, _key: str) -> None:
        writes.append(name) if name == "write" else None
        if len(writes) >= 4:
            renewed.set()

    writes: list[str] = []
    bucket.before = count
    with publications(bucket).publishing(PATH):
        bucket.put(f"p/{PATH}/new")
        assert renewed.wait(10)
    assert bucket.markers() == []


def test_a_renewal_that_arrives_after_the_publication_does_not_hide_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication_lease, "RENEW_SECONDS", 0.01)
    bucket = MemoryBucket()
    requests: list[tuple[str, bytes, str]] = []
    renewed = threading.Event()
    write = bucket.write

    def record(key: str, body: bytes, version: str = "") -> str:
        requests.append((key, body, version))
        if len(requests) >= 4:
            renewed.set()
        return write(key, body, version)

    bucket.write = record  # type: ignore[method-assign]
    with publications(bucket).publishing(PATH):
        bucket.put(f"p/{PATH}/new")
        assert renewed.wait(60)
    for late in requests:
        with pytest.raises(ObjectMissing):
            bucket.receive(*late)
    publications(bucket).sweep(PATH)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_a_lost_response_to_a_renewal(
    bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication_lease, "RENEW_SECONDS", 0.01)
    renewed = threading.Event()
    bodies: list[bytes] = []
    write = bucket.write

    def write_and_repeat(key: str, body: bytes, version: str = "") -> str:
        # As a client that repeats a request to which it has received no response.
        if body not in bodies:
            bodies.append(body)
            write(key, body, version)
        if len(bodies) > 4:
            renewed.set()
        return write(key, body, version)

    bucket.write = write_and_repeat  # type: ignore[method-assign]
    with publications(bucket).publishing(PATH):
        bucket.put(f"p/{PATH}/new")
        assert renewed.wait(60)
    assert bucket.paths() == [f"{PATH}/new"]
    assert bucket.markers() == []


def test_a_renewal_does_not_replace_the_marker_of_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication_lease, "RENEW_SECONDS", 0.01)
    bucket = MemoryBucket()
    key = f"{ROOT}{digest_of(PATH)}.json"

    def upload() -> None:
        with publications(bucket).publishing(PATH) as lease:
            other = {"path": PATH, "publication": "x", "uploading": True, "owner": None}
            bucket.put(key, json.dumps(other).encode())
            bucket.put(f"p/{PATH}/of the other process")
            while not lease.lost:
                time.sleep(0.01)
            lease.reporting(None)(1)

    with pytest.raises(Conflict, match="was interrupted"):
        upload()
    assert bucket.paths() == [f"{PATH}/of the other process"]
    assert json.loads(bucket.objects[key][0])["publication"] == "x"


def test_the_publisher_notices_that_it_was_replaced(bucket: MemoryBucket) -> None:
    def upload() -> None:
        with publications(bucket).publishing(PATH):
            bucket.put(f"{ROOT}{digest_of(PATH)}.1.json", b"{}")
            bucket.put(f"p/{PATH}/of the other process")

    with pytest.raises(Conflict, match="was interrupted"):
        upload()
    assert bucket.paths() == [f"{PATH}/of the other process"]
    assert len(bucket.markers()) == 2


def test_sweeping_removes_what_failed_publishers_have_left(bucket: MemoryBucket) -> None:
    here = ProcessIdentity.current()
    leave_behind(bucket, "ended", boot=here.boot, namespace=here.namespace, pid=2**22 + 1)
    leave_behind(bucket, "running")
    assert publications(bucket).sweep("other") == {digest_of("running")}
    assert bucket.paths() == ["running/old"]
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    assert publications(bucket).sweep("other") == frozenset()
    assert bucket.objects == {}


def test_clearing_a_path(bucket: MemoryBucket) -> None:
    leave_behind(bucket)
    with pytest.raises(UploadInProgress):
        publications(bucket).clear(PATH)
    bucket.time += timedelta(seconds=LEASE_SECONDS + 1)
    publications(bucket).clear(PATH)
    assert bucket.objects == {}
    publications(bucket).clear("nothing")
