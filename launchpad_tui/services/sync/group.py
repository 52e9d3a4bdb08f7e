"""Sync of a remote resource group: records that were added, changed or deleted since the last sync.

Records that cannot have changed are not requested.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from launchpad_tui.aiapi.store_secrets import secret_of_info
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.domain.fields import separated
from launchpad_tui.errors import (
    CapabilityMissing,
    InvalidInput,
    NotFound,
    PermissionDenied,
    RuntimeRejected,
)
from launchpad_tui.registry import (
    connections,
    evaluations,
    logged_metrics,
    mirror,
    mirror_tenant,
    series,
)
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import Runtime
from launchpad_tui.services.sync.lists import ListReader, ListSource, Progress, Reading, batches
from launchpad_tui.stores.catalog import KINDS, SERVED_KIND

_log = logging.getLogger(__name__)
#: Number of models that the first sync reads before everything else, so that some are shown early.
FIRST_MODELS = 1000
#: Maximum number of changed executions that are requested one by one; of more, the list is read.
_MAX_SINGLE = 20
#: Maximum number of unfinished executions that are polled one by one; more are listed by status.
_MAX_POLLED = 4
#: Number of the newest executions, whose metrics are read by every sync.
RECENT = 100
#: Maximum number of executions in a request for metrics (AI API).
_PER_REQUEST = 10
#: Errors of a runtime that does not have a feature or does not allow the user to use it.
_NOT_AVAILABLE = (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected)


class GroupReading(Reading):
    """Syncs one resource group.

    Args:
        runtime: The runtime of the resource group.
    """

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        runtime: Runtime,
        report: Callable[[Progress], None] = lambda _progress: None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(registry, scope, report, stop or threading.Event())
        self._runtime = runtime
        self._artifacts: ListReader[Artifact] = ListReader(
            self,
            ListSource(
                mirror.ARTIFACTS,
                lambda skip: runtime.artifacts(skip=skip),
                runtime.count_artifacts,
                lambda found: mirror.put_artifacts(registry, scope, found),
                immutable=True,
            ),
        )
        self._configurations: ListReader[Configuration] = ListReader(
            self,
            ListSource(
                mirror.CONFIGURATIONS,
                lambda skip: runtime.configurations(skip=skip),
                runtime.count_configurations,
                lambda found: mirror.put_configurations(registry, scope, found),
                immutable=True,
            ),
        )
        self._executions: ListReader[Execution] = ListReader(
            self,
            ListSource(
                mirror.EXECUTIONS,
                lambda skip: runtime.executions(skip=skip),
                runtime.count_executions,
                lambda found: mirror.put_executions(registry, scope, found),
                immutable=False,
            ),
        )

    def first(self) -> None:
        """Read some models if there are none in the registry. Raises the errors of `sync`."""
        if mirror.count(self.registry, self.scope, mirror.ARTIFACTS):
            return
        found = self._runtime.artifacts(ArtifactKind.MODEL, page=FIRST_MODELS)
        for batch in batches(islice(found, FIRST_MODELS)):
            mirror.put_artifacts(self.registry, self.scope, batch)

    def sync(self, *, full: bool = False) -> None:
        """Read everything that may have changed.

        Args:
            full: Read all lists from the start, even if their counts did not change.

        Raises:
            Unreachable: The runtime does not respond. Records read so far are kept, and the next
                sync resumes. Other errors of runtimes are possible.
            SyncCancelled: The sync was cancelled.
        """
        if full:
            for reader in (self._artifacts, self._executions, self._configurations):
                reader.restart()
        self._artifacts.catch_up()
        self.check()
        self._catch_up_executions()
        self._configurations.catch_up()
        self.check()
        self._stores()
        self._schedules()
        self._metrics()

    def light(self) -> None:
        """Read what changes often: added and deleted entries, and unfinished executions.

        Raises the errors of `sync`.
        """
        if not (
            self._artifacts.complete and self._executions.complete and self._configurations.complete
        ):
            self.sync()
            return
        self.running()
        if self._runtime.count_executions() != self._executions.counted:
            self._catch_up_executions()
        self._artifacts.catch_up()
        self._configurations.catch_up()
        self._metrics()

    def running(self) -> None:
        """Poll the unfinished executions and their metrics, and read the outputs of finished ones.

        Raises the errors of `sync`.
        """
        unfinished = mirror.unfinished(self.registry, self.scope)
        if not unfinished:
            return
        if len(unfinished) > _MAX_POLLED:
            known = mirror.execution_states(self.registry, self.scope)
            remote = {
                one.id: (one.status, one.modified_at)
                for status in {known[one][0] for one in unfinished}
                for one in self._runtime.execution_states(status)
            }
            self._fetch([one for one in unfinished if remote.get(one) != known[one]])
        else:
            self._fetch(unfinished)
        if len(mirror.unfinished(self.registry, self.scope)) < len(unfinished):
            self._artifacts.catch_up()
        self._metrics()

    def metrics_of(self, ids: Iterable[str]) -> bool:
        """Read metrics of executions that were not read completely; return whether there were any.

        Raises the errors of `sync`.
        """
        return self._metrics(mirror.metrics_due(self.registry, self.scope, ids))

    def _catch_up_executions(self) -> None:
        """Read the executions whose state changed, and mark deleted ones."""
        if not self._executions.complete:
            self._executions.read_all()
            return
        remote = {one.id: (one.status, one.modified_at) for one in self._runtime.execution_states()}
        known = mirror.execution_states(self.registry, self.scope)
        changed = [one for one, state in remote.items() if known.get(one) != state]
        deleted = [one for one in known if one not in remote]
        if len(changed) + len(deleted) > _MAX_SINGLE:
            self._executions.read_all()
        elif changed or deleted:
            self._fetch([*changed, *deleted])
        self._executions.set_counted(len(remote))

    def _fetch(self, ids: Sequence[str]) -> None:
        """Request executions one by one; mark those that the runtime does not find as deleted."""
        found, deleted = [], []
        for one in ids:
            self.check()
            try:
                execution = self._runtime.execution(one)
                if execution.id == one:
                    found.append(execution)
                else:
                    _log.warning(
                        "%s returned another execution than the requested %s", self.scope, one
                    )
            except NotFound:
                deleted.append(one)
        mirror.put_executions(self.registry, self.scope, found)
        if deleted:
            mirror.mark_deleted(self.registry, self.scope, mirror.EXECUTIONS, deleted)

    def _metrics(self, due: list[tuple[str, bool]] | None = None) -> bool:
        if due is None:
            due = mirror.metrics_due(self.registry, self.scope, recent=RECENT)
        for start in range(0, len(due), _PER_REQUEST):
            self.check()
            batch = due[start : start + _PER_REQUEST]
            self.report(Progress(self.scope, "metrics", start, len(due)))
            try:
                found = list(self._runtime.metrics([one for one, _ in batch]))
            except (CapabilityMissing, NotFound) as error:
                _log.info("metrics of %s cannot be read: %s", self.scope, error.title)
                return False
            requested = {one for one, _ in batch}
            ended = {one for one, has_ended in batch if has_ended}
            with self.registry.write():
                for each in found:
                    if each.execution_id in requested:
                        series.append(self.registry, each.execution_id, each.metrics, self.scope)
                        if each.execution_id in ended:
                            series.seal(self.registry, each.execution_id, self.scope)
                            evaluations.report(self.registry, self.scope, each.execution_id)
                        logged_metrics.put(
                            self.registry,
                            each.execution_id,
                            each.tags,
                            each.custom_info,
                            self.scope,
                        )
                mirror.set_metrics_read(self.registry, self.scope, batch)
        return bool(due)

    def _schedules(self) -> None:
        try:
            found = list(self._runtime.schedules())
        except _NOT_AVAILABLE as error:
            _log.info("schedules of %s cannot be listed: %s", self.scope, error.title)
            return
        mirror_tenant.put_schedules(self.registry, self.scope, found)

    def _stores(self) -> None:
        try:
            infos = list(self._runtime.object_store_secrets())
        except _NOT_AVAILABLE as error:
            _log.info("object stores of %s cannot be listed: %s", self.scope, error.title)
            return
        found: dict[str, tuple[str, dict[str, str]]] = {}
        capabilities = connections.capabilities(self.registry, self.scope.connection)
        added_locally = {
            each.name for each in connections.stores(self.registry, self.scope) if not each.remote
        }
        for one in infos:
            kind = KINDS.get(one.type.lower())
            known = kind is not None and kind.secret is not None
            if not known and capabilities is not None and capabilities.files:
                # A store that the user added with this name, for example a mounted folder, is kept.
                if one.name not in added_locally:
                    found[one.name] = (SERVED_KIND.id, {"object_store": one.name})
                continue
            try:
                secret = secret_of_info(one, KINDS)
                # Some runtimes return credentials that were typed inside of settings.
                settings, _ = separated(KINDS[secret.kind].fields, secret.values)
                sources = {key: secret.values[key] for key in secret.values if key == "credentials"}
                found[secret.name] = (secret.kind, {**settings, **sources})
            except InvalidInput as error:
                _log.warning(
                    "the object store %s of %s is not supported: %s",
                    one.name,
                    self.scope,
                    error.title,
                )
        mirror_tenant.put_stores(self.registry, self.scope, found)
