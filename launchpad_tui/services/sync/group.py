"""One look at a resource group elsewhere: what is new, changed or gone comes into the registry, and nothing is asked
for that cannot have changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from launchpad_tui.aiapi.store_secrets import secret_of_info
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.errors import (
    CapabilityMissing,
    InvalidInput,
    NotFound,
    PermissionDenied,
    RuntimeRejected,
)
from launchpad_tui.registry import connections, mirror, mirror_tenant, resource, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import Runtime
from launchpad_tui.services.sync.lists import ListReader, ListSource, Progress, Reading, batches
from launchpad_tui.stores.catalog import KINDS, SERVED_KIND

_log = logging.getLogger(__name__)
#: models that are read before everything else, so that somebody sees some at once
FIRST_MODELS = 1000
#: executions that are asked for one by one; of more, the whole list is read
_SINGLY = 20
#: executions that go on and are looked at one by one; of more, the lists of their statuses are
_FEW = 4
#: the newest executions, whose metrics are read without being asked for
RECENT = 100
#: the API: executions of one request for metrics
_PER_REQUEST = 10
#: what a runtime answers that lacks a part, or does not let everybody see it
_LACKING = (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected)


class GroupReading(Reading):
    """Reads one resource group.

    Args:
        runtime: of the group.
    """

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        runtime: Runtime,
        tell: Callable[[Progress], None] = lambda _progress: None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(registry, scope, tell, stop or threading.Event())
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
        """Read some models where none are known, so that somebody sees them at once. Raises as `whole`."""
        if mirror.count(self.registry, self.scope, mirror.ARTIFACTS):
            return
        found = self._runtime.artifacts(ArtifactKind.MODEL, page=FIRST_MODELS)
        for batch in batches(islice(found, FIRST_MODELS)):
            mirror.put_artifacts(self.registry, self.scope, batch)

    def whole(self, *, again: bool = False) -> None:
        """Look at everything.

        Args:
            again: read all lists from their beginning, whatever their counts say.

        Raises:
            Unreachable and others: as the runtime answers; what was read is kept, and gone on with the next time.
            SyncCancelled: somebody does not want it any more.
        """
        if again:
            for every in (self._artifacts, self._executions, self._configurations):
                every.restart()
        self._artifacts.catch_up()
        self.check()
        self._all_executions()
        self._configurations.catch_up()
        self.check()
        self._stores()
        self._schedules()
        self._metrics()

    def light(self) -> None:
        """Look at what changes from minute to minute: whether entries came or went, and the executions that go on.
        Raises as `whole`."""
        if not (
            self._artifacts.complete and self._executions.complete and self._configurations.complete
        ):
            self.whole()
            return
        self.running()
        if self._runtime.count_executions() != self._executions.counted:
            self._all_executions()
        self._artifacts.catch_up()
        self._configurations.catch_up()
        self._metrics()

    def running(self) -> None:
        """Look at the executions that go on, what they logged, and, of those that are over now, what they made. Raises
        as `whole`."""
        going = mirror.unfinished(self.registry, self.scope)
        if not going:
            return
        if len(going) > _FEW:
            known = mirror.execution_states(self.registry, self.scope)
            there = {
                one.id: (one.status, one.modified_at)
                for status in {known[one][0] for one in going}
                for one in self._runtime.execution_states(status)
            }
            self._each([one for one in going if there.get(one) != known[one]])
        else:
            self._each(going)
        if len(mirror.unfinished(self.registry, self.scope)) < len(going):
            self._artifacts.catch_up()
        self._metrics()

    def metrics_of(self, ids: Iterable[str]) -> bool:
        """Read what these executions logged, where that was not read to its end; says whether anything was asked for.
        Raises as `whole`."""
        return self._metrics(mirror.metrics_due(self.registry, self.scope, ids))

    def _all_executions(self) -> None:
        """Executions change and go: their states tell which, in few bytes."""
        if not self._executions.complete:
            self._executions.whole()
            return
        there = {one.id: (one.status, one.modified_at) for one in self._runtime.execution_states()}
        known = mirror.execution_states(self.registry, self.scope)
        changed = [one for one, state in there.items() if known.get(one) != state]
        gone = [one for one in known if one not in there]
        if len(changed) + len(gone) > _SINGLY:
            self._executions.whole()
        elif changed or gone:
            self._each([*changed, *gone])
        self._executions.set_counted(len(there))

    def _each(self, ids: Sequence[str]) -> None:
        """Ask for executions one by one; the runtime's word that there is none marks one as gone."""
        found, gone = [], []
        for one in ids:
            self.check()
            try:
                answer = self._runtime.execution(one)
                if answer.id == one:
                    found.append(answer)
                else:
                    _log.warning(
                        "%s gives another execution than %s, which was asked for", self.scope, one
                    )
            except NotFound:
                gone.append(one)
        mirror.put_executions(self.registry, self.scope, found)
        if gone:
            mirror.mark_deleted(self.registry, self.scope, mirror.EXECUTIONS, gone)

    def _metrics(self, due: list[tuple[str, bool]] | None = None) -> bool:
        if due is None:
            due = mirror.metrics_due(self.registry, self.scope, recent=RECENT)
        for start in range(0, len(due), _PER_REQUEST):
            self.check()
            some = due[start : start + _PER_REQUEST]
            self.tell(Progress(self.scope, "metrics", start, len(due)))
            try:
                found = list(self._runtime.metrics([one for one, _ in some]))
            except (CapabilityMissing, NotFound) as error:
                _log.info("%s gives no metrics: %s", self.scope, error.title)
                return False
            asked = {one for one, _ in some}
            with self.registry.write():
                for each in found:
                    if each.execution_id in asked:
                        series.append(self.registry, each.execution_id, each.metrics, self.scope)
                        resource.put(
                            self.registry,
                            each.execution_id,
                            each.tags,
                            each.custom_info,
                            self.scope,
                        )
                mirror.set_metrics_read(self.registry, self.scope, some)
        return bool(due)

    def _schedules(self) -> None:
        try:
            found = list(self._runtime.schedules())
        except _LACKING as error:
            _log.info("%s gives no schedules: %s", self.scope, error.title)
            return
        mirror_tenant.put_schedules(self.registry, self.scope, found)

    def _stores(self) -> None:
        try:
            told = list(self._runtime.object_store_secrets())
        except _LACKING as error:
            _log.info("%s gives no object stores: %s", self.scope, error.title)
            return
        found: dict[str, tuple[str, dict[str, str]]] = {}
        able = connections.capabilities(self.registry, self.scope.connection)
        made_here = {
            each.name for each in connections.stores(self.registry, self.scope) if not each.remote
        }
        for one in told:
            kind = KINDS.get(one.type.lower())
            known = kind is not None and kind.secret is not None
            if not known and able is not None and able.files:
                # What the user made here under this name, such as a folder that is mounted, stays.
                if one.name not in made_here:
                    found[one.name] = (SERVED_KIND.id, {"object_store": one.name})
                continue
            try:
                secret = secret_of_info(one, KINDS)
                found[secret.name] = (secret.kind, dict(secret.values))
            except InvalidInput as error:
                _log.warning(
                    "the object store %s of %s is not understood: %s",
                    one.name,
                    self.scope,
                    error.title,
                )
        mirror_tenant.put_stores(self.registry, self.scope, found)
