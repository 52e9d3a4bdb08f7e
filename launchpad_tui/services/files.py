"""Files of artifacts: recorded files, uploads and downloads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import (
    ArtifactFile,
    ArtifactReference,
    ArtifactUrl,
    UrlCheck,
    UrlState,
    parse_url,
)
from launchpad_tui.domain.connection import Connection, ObjectStoreRecord, Scope
from launchpad_tui.domain.stored_object import StoredObject, relative_to
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.transfer import DownloadedFiles, Progress
from launchpad_tui.errors import (
    ConfigError,
    Conflict,
    FilesMissing,
    InvalidInput,
    LaunchpadError,
)
from launchpad_tui.net.address_policy import AddressPolicy
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.registry import artifacts, connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.file_references import references
from launchpad_tui.services.group_access import GroupAccess
from launchpad_tui.services.stored_files import list_files
from launchpad_tui.services.transfer_meter import Meter
from launchpad_tui.stores.base import ObjectStore, open_store
from launchpad_tui.stores.catalog import KINDS, store_kind

#: The maximum number of files that are counted when a URL is checked.
_COUNT_LIMIT = 10_000


class FileService:
    """Files of artifacts in the object stores of their resource groups. Thread-safe.

    Args:
        address: Returns the fields of a store that the runtime serves, from the settings and the
            secrets of its connection; empty if the runtime serves no files.
        allowed_addresses: The setting ``serve.allowed_addresses``.
    """

    def __init__(
        self,
        home: Home,
        registry: Registry,
        credentials: Credentials,
        address: Callable[[Connection, Mapping[str, str]], Mapping[str, str]] | None = None,
        allowed_addresses: str = "",
    ) -> None:
        policy = AddressPolicy.parse(allowed_addresses.split(","))
        self.access = GroupAccess(home, registry, policy)
        self._home = home
        self.registry = registry
        self._credentials = credentials
        self._address = address
        self._lock = threading.Lock()
        self._open: dict[
            tuple[Scope, str],
            tuple[tuple[str, Mapping[str, str], bool, Mapping[str, str]], ObjectStore],
        ] = {}

    def store(self, scope: Scope, name: str) -> ObjectStore:
        """Return the open object store of a name.

        Raises:
            NotFound: The resource group has no such object store.
            ConfigError, DependencyMissing, PermissionDenied: It cannot be opened.
        """
        record = connections.store(self.registry, scope, name)
        try:
            values = dict(record.settings) | dict(
                self._credentials.get(STORE, store_owner(scope, name))
            )
        except ConfigError:
            # The keyring is locked, for example after the user logged out during an execution. A
            # store that is already open can still be used.
            with self._lock:
                opened = self._open.get((scope, name))
            if opened is None or opened[0][:3] != (
                record.kind,
                record.settings,
                record.restricted,
            ):
                raise
            return opened[1]
        values = self._addressed(scope, record.kind, values)
        key = (record.kind, record.settings, record.restricted, values)
        with self._lock:
            # Opening a cloud store takes a tenth of a second, so it stays open until its values
            # change.
            opened = self._open.get((scope, name))
            if opened is None or opened[0] != key:
                opened = (key, self.open(record, values))
                self._open[scope, name] = opened
            return opened[1]

    def open(self, record: ObjectStoreRecord, values: Mapping[str, str]) -> ObjectStore:
        """Open a store with values that may not be saved yet, for example those of a form.

        Raises:
            NotFound, ConfigError, DependencyMissing: It cannot be opened.
        """
        complete = dict(values)
        kind = store_kind(record.kind)
        if kind.folder_field and not complete.get(kind.folder_field):
            complete[kind.folder_field] = str(self._home.files)
        return open_store(kind, complete, self.access.policy if record.restricted else None)

    def folder(self, record: ObjectStoreRecord) -> str:
        """Return the folder in which a file store keeps its files; empty for other stores."""
        kind = KINDS.get(record.kind)
        if kind is None or not kind.folder_field:
            return ""
        return record.settings.get(kind.folder_field) or str(self._home.files)

    def _addressed(self, scope: Scope, kind: str, values: dict[str, str]) -> dict[str, str]:
        """Return the values of a store, completed by the connection if its runtime serves the
        files."""
        if not store_kind(kind).served:
            return values
        values = {
            "resource_group": scope.resource_group,
            **{name: text for name, text in values.items() if text},
        }
        if values.get("base_url") or self._address is None:
            return values
        connection = connections.connection(self.registry, scope.connection)
        secrets = self._credentials.get(CONNECTION, scope.connection)
        return {**values, **self._address(connection, secrets)}

    def recorded(self, scope: Scope, artifact_id: str) -> tuple[ArtifactFile, ...]:
        """Return the recorded files of an artifact; empty if none were recorded.

        Raises:
            NotFound: The artifact does not exist.
        """
        return artifacts.files(self.registry, scope, artifact_id)

    def check_url(self, scope: Scope, url: str) -> UrlCheck:
        """Check which files are at a URL. Problems with the store are reported in the result.

        Raises:
            InvalidInput: The URL is not a valid artifact URL.
            NotFound: The resource group does not exist.
        """
        parsed = parse_url(url)
        names = [each.name for each in connections.stores(self.registry, scope)]
        if parsed.store not in names:
            known = ", ".join(names)
            return UrlCheck(
                UrlState.UNKNOWN_STORE,
                f"{scope} has no object store {parsed.store!r}. Object stores: {known}.",
            )
        count = size = 0
        try:
            store = self.store(scope, parsed.store)
            sizes = within(
                STORE_SECONDS,
                lambda: [each.size for each in store.list(parsed.path, limit=_COUNT_LIMIT + 1)],
            )
            count, size = len(sizes), sum(sizes)
            if not count:
                within(STORE_SECONDS, store.check)
        except LaunchpadError as error:
            return UrlCheck(UrlState.UNREACHABLE, f"Not checked: {error}")
        if not count:
            return UrlCheck(
                UrlState.EMPTY,
                f"The object store {parsed.store} has no files at {safe_text(parsed.path)}.",
            )
        more = "more than " if count > _COUNT_LIMIT else ""
        count = min(count, _COUNT_LIMIT)
        return UrlCheck(
            UrlState.OK, f"{more}{count:,} file{'s' * (count != 1)}, {size:,} bytes", count, size
        )

    def size(self, scope: Scope, url: str) -> int | None:
        """Return the total size in bytes of the files at a URL; None if it is unknown. No file is
        read."""
        try:
            parsed = parse_url(url)
            sizes = [each.size for each in list_files(self.store(scope, parsed.store), parsed)]
        except LaunchpadError:
            return None
        return sum(sizes) if sizes else None

    def identity(self, scope: Scope, url: str, *, restricted: bool = False) -> str:
        """Return a text that is the same as long as the files at a URL are the same.

        If the object store has checksums, it is the same for equal files at other URLs. No file is
        read.

        Raises:
            NotFound, Unreachable, PermissionDenied: As for `stage`.
        """
        import hashlib

        if restricted:
            self.access.require_url(scope, url)
        parsed = parse_url(url)
        found = list(list_files(self.store(scope, parsed.store), parsed))
        whole = hashlib.sha256()
        if not all(each.sha256 for each in found):
            whole.update(f"{scope}\0{url}\0".encode())
        for each in sorted(found, key=lambda each: each.path):
            path = relative_to(each.path, parsed.path)
            name = each.path.rpartition("/")[2] if path == "." else path
            content = each.sha256 or f"{each.version} {each.modified.isoformat()}"
            whole.update(f"{name}\0{each.size}\0{content}\0".encode())
        return whole.hexdigest()

    def download(
        self,
        scope: Scope,
        artifact_id: str,
        target: Path,
        progress: Progress | None = None,
        *,
        overwrite: bool = False,
    ) -> DownloadedFiles:
        """Download the files of an artifact into a folder, which is created if missing, and return
        their paths. Files that are complete already are not downloaded again.

        The path of a file in the folder is its path below the URL of the artifact, or its name if
        the URL is that of a file. Files appear atomically. Recorded files must match their
        checksums.

        Raises:
            Conflict: A target file with other content exists and ``overwrite`` is not set (nothing
                was downloaded), or a file does not match its recorded checksum.
            FilesMissing: Recorded files do not exist; the others were downloaded.
            ObjectMissing: There are no files at the URL of the artifact.
            StorageFull, PermissionDenied: The folder cannot be written.
            InvalidInput: A path in the store would leave the folder.
        """
        store, url = self.locate(scope, artifact_id)
        known = {each.path: each.sha256 for each in self.recorded(scope, artifact_id)}
        from launchpad_tui.services.folder_downloads import download_folder

        files, fetched = download_folder(store, url, target, known, progress, overwrite=overwrite)
        missing = sorted(known.keys() - files.keys())
        if missing:
            raise FilesMissing(
                f"{len(missing):,} recorded file{'s' * (len(missing) != 1)} of the artifact "
                f"{'are' if len(missing) != 1 else 'is'} missing in the object store",
                "\n".join(safe_text(path) for path in missing[:20])
                + f"\nThe other {len(files):,} files are in {target}.",
                f"Check the files at {url}. To see their state: launchpad models verify "
                f"{artifact_id}",
                paths=missing,
                downloaded=len(files),
            )
        return DownloadedFiles(files.values(), fetched)

    def stage(
        self,
        scope: Scope,
        url: str,
        target: Path,
        progress: Progress | None = None,
        *,
        overwrite: bool = False,
        restricted: bool = False,
    ) -> DownloadedFiles:
        """Download the files at a URL, for example an input of an execution, into a folder.

        A single file becomes ``target/<name of the file>``.

        Args:
            restricted: Whether only files are downloaded that clients of the resource group may
                read, see `GroupAccess.require_url`.

        Raises:
            NotFound: The object store of the URL does not exist.
            Conflict, ObjectMissing, StorageFull, PermissionDenied, InvalidInput: As for `download`.
        """
        if restricted:
            self.access.require_url(scope, url)
        parsed = parse_url(url)
        store = self.store(scope, parsed.store)
        from launchpad_tui.services.folder_downloads import download_folder

        files, fetched = download_folder(store, parsed, target, {}, progress, overwrite=overwrite)
        return DownloadedFiles(files.values(), fetched)

    def store_output(
        self, scope: Scope, url: str, source: Path, progress: Progress | None = None
    ) -> tuple[ArtifactFile, ...]:
        """Upload a file or folder to a URL, completely or not at all.

        If the same content is already there, as after a crash, the upload succeeds.

        Returns:
            The stored files, sorted by path.

        Raises:
            InvalidInput: The source is empty, has links that lead out of it, or cannot be read.
            Conflict: Other content is at the URL, or the source changed during the upload.
            StorageFull, Unreachable: The upload failed.
        """
        parsed = parse_url(url)
        store = self.store(scope, parsed.store)
        from launchpad_tui.services.local_files import source_files

        files = source_files(source)
        if not files:
            raise InvalidInput(
                f"No files to upload in {source.name}",
                f"{source} is empty.",
                "Select a file, or a folder that contains files.",
                field="source",
            )
        try:
            meter = Meter(progress, sum(each.file.stat().st_size for each in files))
        except OSError as error:
            raise Conflict(
                "A file disappeared during the upload",
                f"{error.filename}: {error.strerror}",
                "Retry when no program writes to the folder.",
            ) from error
        try:
            stored = store.publish(parsed.path, files, meter.at(""))
        except Conflict:
            already = self._already_stored(store, parsed, {each.path: each.file for each in files})
            if already is None:
                raise
            return already
        versions = self._versions(store, parsed)
        return tuple(
            ArtifactFile(path, each.size, each.sha256, versions.get((path, each.size), ""))
            for each in stored
            for path in (relative_to(each.path, parsed.path),)
        )

    def references(
        self, scope: Scope, name: str, paths: Sequence[str], limit: int
    ) -> tuple[list[ArtifactReference], int]:
        """Return artifacts whose files are at these paths, above or below them, and their number.

        Artifacts of all resource groups are found whose object stores have the same location.

        Args:
            scope: The connection and resource group.
            name: The name of the object store.
            paths: The paths in the object store.
            limit: The maximum number of artifacts to return.

        Raises:
            NotFound: The resource group has no such object store.
        """
        return references(self.registry, str(self._home.files), scope, name, paths, limit)

    def delete_output(self, scope: Scope, url: str) -> int:
        """Delete the files at a URL and return their number."""
        parsed = parse_url(url)
        return self.store(scope, parsed.store).delete_prefix(parsed.path)

    def locate(self, scope: Scope, artifact_id: str) -> tuple[ObjectStore, ArtifactUrl]:
        """Return the object store of an artifact and its URL.

        Raises:
            NotFound: The artifact or its object store does not exist.
        """
        url = parse_url(artifacts.artifact(self.registry, scope, artifact_id).url)
        return self.store(scope, url.store), url

    def _already_stored(
        self, store: ObjectStore, url: ArtifactUrl, files: Mapping[str, Path]
    ) -> tuple[ArtifactFile, ...] | None:
        """Return the files at a URL if they are equal to files of this machine; otherwise None."""
        found = {relative_to(each.path, url.path): each for each in list_files(store, url)}
        if found.keys() != files.keys():
            return None
        equal = []
        for path in files:
            if found[path].size != files[path].stat().st_size:
                return None
            sha256 = hash_of(store, found[path], lambda _: None)
            if sha256 != _local_hash(files[path]):
                return None
            equal.append(ArtifactFile(path, found[path].size, sha256, found[path].version))
        return tuple(equal)

    @staticmethod
    def _versions(store: ObjectStore, url: ArtifactUrl) -> dict[tuple[str, int], str]:
        """Return the versions of the stored files by path and size.

        Later verifications only have to read files whose version differs.
        """
        try:
            return {
                (relative_to(each.path, url.path), each.size): each.version
                for each in list_files(store, url)
            }
        except LaunchpadError:
            return {}


def hash_of(store: ObjectStore, found: StoredObject, moved: Callable[[int], None]) -> str:
    """Read an object and return its SHA-256."""
    with open(os.devnull, "wb", buffering=0) as nothing:
        return store.get(found.path, nothing, moved).sha256


def _local_hash(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
