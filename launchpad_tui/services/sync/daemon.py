"""Background sync of remote runtimes, in a process separate from the user interface.

One process serves a home folder; further processes wait until it ends. Each connection has a
thread, so that a runtime that does not respond does not delay others. Displayed resource groups
with unfinished executions are polled every few seconds, others less often.
"""

from __future__ import annotations

import fcntl
import logging
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import AuthenticationFailed, ConfigError, InvalidInput, LaunchpadError
from launchpad_tui.registry import mirror, mirror_tenant
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.runtimes import Runtimes
from launchpad_tui.services.sync.group import GroupReading
from launchpad_tui.services.sync.lists import SyncCancelled
from launchpad_tui.services.sync.service import DISPLAYED, REQUESTED, SyncService
from launchpad_tui.services.sync.tenant import TenantReading

_log = logging.getLogger(__name__)
#: Seconds between two checks for requested syncs.
TICK = 0.5
#: Seconds between two polls of unfinished executions, of counts, and of all lists.
RUNNING, LIGHT, FULL = 5.0, 60.0, 900.0
#: Factor of these times for resource groups that are not displayed.
_NOT_DISPLAYED = 10
#: How long a resource group counts as displayed after it was last marked.
_DISPLAYED = timedelta(seconds=90)
#: Seconds to wait after the first error, doubled with each further error up to a maximum, and after
#: an error that a retry does not solve.
_PAUSE, _MAX_PAUSE, _PERMANENT_PAUSE = 5.0, 300.0, 300.0


@dataclass
class _Plan:
    """When a resource group was last polled, in seconds of the monotonic clock."""

    running: float = 0.0
    light: float = 0.0
    full: float = 0.0
    started: bool = False


class SyncDaemon:
    """Syncs all remote connections of a home folder until it is stopped."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._sync = SyncService(registry, runtimes)
        self._threads: dict[str, threading.Thread] = {}
        self._stops: dict[str, threading.Event] = {}

    def run(self, stop: threading.Event) -> None:
        """Sync until ``stop`` is set; running syncs are then cancelled."""
        while not stop.is_set():
            paused = self._sync.paused()
            for name in self._sync.remote_connections():
                if name in paused:
                    if name in self._stops:
                        self._stops[name].set()
                    continue
                thread = self._threads.get(name)
                if thread is None or not thread.is_alive():
                    mine = self._stops[name] = threading.Event()
                    thread = threading.Thread(
                        target=self._sync_connection,
                        args=(name, mine),
                        name=f"sync {name}",
                        daemon=True,
                    )
                    self._threads[name] = thread
                    thread.start()
            stop.wait(1.0)
        for each in self._stops.values():
            each.set()
        self._runtimes.close()

    def _sync_connection(self, connection: str, stop: threading.Event) -> None:
        plans: dict[Scope, _Plan] = {}
        last_request = now()
        failures, resume_at = 0, 0.0
        while not stop.wait(TICK):
            try:
                displayed = self._marked(connection, DISPLAYED)
                requested = {
                    scope
                    for scope, at in self._marked(connection, REQUESTED).items()
                    if at > last_request
                }
                if time.monotonic() < resume_at and not requested:
                    continue
                last_request = max([last_request, *self._marked(connection, REQUESTED).values()])
                for scope in dict.fromkeys(
                    [*requested, *displayed, Scope(connection, DEFAULT_SCOPE.resource_group)]
                ):
                    often = scope in requested or (
                        scope in displayed and now() - displayed[scope] < _DISPLAYED
                    )
                    self._poll(
                        scope,
                        plans.setdefault(scope, _Plan()),
                        stop,
                        often,
                        requested=scope in requested,
                    )
                failures = 0
            except SyncCancelled:
                return
            except LaunchpadError as error:
                if connection not in self._sync.remote_connections():
                    return
                failures += 1
                lasting = isinstance(error, AuthenticationFailed | ConfigError | InvalidInput)
                pause = (
                    _PERMANENT_PAUSE if lasting else min(_MAX_PAUSE, _PAUSE * 2 ** (failures - 1))
                )
                resume_at = time.monotonic() + pause * random.uniform(0.8, 1.2)
                _log.warning("sync of %s failed: %s", connection, error.title)
            except Exception:  # noqa: BLE001  logged; other connections are not affected
                _log.exception("background sync of %s failed", connection)
                resume_at = time.monotonic() + _MAX_PAUSE

    def _poll(
        self, scope: Scope, plan: _Plan, stop: threading.Event, often: bool, *, requested: bool
    ) -> None:
        """Poll the parts of a resource group that are due.

        Args:
            scope: The resource group.
            plan: When its parts were last polled.
            stop: Cancels the poll when set.
            often: Whether the resource group is displayed or a sync was requested.
            requested: Whether a sync was requested.
        """
        at = time.monotonic()
        slower = 1 if often else _NOT_DISPLAYED
        known = mirror_tenant.state(self._registry, scope, mirror_tenant.GROUP).done_at is not None
        if not known and not often:
            return
        try:
            if requested or not plan.started or at - plan.full > FULL * slower:
                self._sync.sync(scope, stop=stop, all_executables=requested)
                plan.full = plan.light = plan.running = time.monotonic()
                plan.started = True
                return
            running = at - plan.running > RUNNING * slower and bool(
                mirror.unfinished(self._registry, scope)
            )
            light = at - plan.light > LIGHT * slower
            if not (running or light):
                return
            reading = GroupReading(self._registry, scope, self._runtimes.runtime(scope), stop=stop)
            if light:
                TenantReading(
                    self._registry, scope.connection, self._runtimes.runtime(scope), stop
                ).sync()
                reading.light()
                plan.light = time.monotonic()
            else:
                reading.running()
            # Slow polls, for example of many metrics, take at most a tenth of the time.
            plan.running = time.monotonic() + max(0.0, 10 * (time.monotonic() - at) - RUNNING)
        except SyncCancelled:
            raise
        except LaunchpadError as error:
            self._sync.failed(scope, error)
            raise
        self._sync.succeeded(scope)

    def _marked(self, connection: str, part: str) -> dict[Scope, datetime]:
        return {
            scope: state.done_at
            for scope, state in mirror_tenant.states(self._registry, part).items()
            if scope.connection == connection and state.done_at is not None
        }


@contextmanager
def alone(path: Path, stop: threading.Event) -> Iterator[bool]:
    """Acquire the lock of a home folder's sync daemon, waiting until ``stop`` is set; yield whether
    it was acquired."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not stop.is_set():
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stop.wait(2.0)
            else:
                yield True
                return
        yield False
    finally:
        os.close(handle)
