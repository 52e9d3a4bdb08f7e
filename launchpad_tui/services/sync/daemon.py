"""Keeps what is known of runtimes elsewhere fresh, in a process of its own beside the user interface.

One process keeps a home; others that are started beside it wait until it ends. Each connection has a thread, so that a
runtime that does not answer holds up no other. How often is asked follows what goes on: a group with executions that
run every few seconds while somebody looks at it, one where nothing happens rarely.
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
from launchpad_tui.services.sync.service import ASKED, WANTED, SyncService
from launchpad_tui.services.sync.tenant import TenantReading

_log = logging.getLogger(__name__)
#: seconds between two looks at what was asked for
TICK = 0.5
#: seconds between two looks at executions that run, at what came or went, and at everything
RUNNING, LIGHT, WHOLE = 5.0, 60.0, 900.0
#: how many times longer where nobody looks
_UNSEEN = 10
#: how long somebody is taken to look at a group after the last word of it
_LOOKED_AT = timedelta(seconds=90)
#: seconds to wait after an error, doubled with each further one, and after one that waiting does not mend
_PAUSE, _LONGEST, _WRONG = 5.0, 300.0, 300.0


@dataclass
class _Plan:
    """When a group was looked at, in seconds of the monotonic clock."""

    running: float = 0.0
    light: float = 0.0
    whole: float = 0.0
    begun: bool = False


class SyncDaemon:
    """Keeps all connections of a home fresh until it is stopped."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._sync = SyncService(registry, runtimes)
        self._threads: dict[str, threading.Thread] = {}
        self._stops: dict[str, threading.Event] = {}

    def run(self, stop: threading.Event) -> None:
        """Keep until told to stop; then what is being asked for is given up."""
        while not stop.is_set():
            held = self._sync.held()
            for name in self._sync.remote_connections():
                if name in held:
                    if name in self._stops:
                        self._stops[name].set()
                    continue
                thread = self._threads.get(name)
                if thread is None or not thread.is_alive():
                    mine = self._stops[name] = threading.Event()
                    thread = threading.Thread(
                        target=self._keep, args=(name, mine), name=f"keep {name}", daemon=True
                    )
                    self._threads[name] = thread
                    thread.start()
            stop.wait(1.0)
        for each in self._stops.values():
            each.set()
        self._runtimes.close()

    def _keep(self, connection: str, stop: threading.Event) -> None:
        plans: dict[Scope, _Plan] = {}
        asked = now()
        failures, resume_at = 0, 0.0
        while not stop.wait(TICK):
            try:
                wanted = self._marked(connection, WANTED)
                news = {
                    scope for scope, at in self._marked(connection, ASKED).items() if at > asked
                }
                if time.monotonic() < resume_at and not news:
                    continue
                asked = max([asked, *self._marked(connection, ASKED).values()])
                for scope in dict.fromkeys(
                    [*news, *wanted, Scope(connection, DEFAULT_SCOPE.resource_group)]
                ):
                    looked_at = scope in news or (
                        scope in wanted and now() - wanted[scope] < _LOOKED_AT
                    )
                    self._look(
                        scope,
                        plans.setdefault(scope, _Plan()),
                        stop,
                        looked_at,
                        asked=scope in news,
                    )
                failures = 0
            except SyncCancelled:
                return
            except LaunchpadError as error:
                if connection not in self._sync.remote_connections():
                    return
                failures += 1
                lasting = isinstance(error, AuthenticationFailed | ConfigError | InvalidInput)
                pause = _WRONG if lasting else min(_LONGEST, _PAUSE * 2 ** (failures - 1))
                resume_at = time.monotonic() + pause * random.uniform(0.8, 1.2)
                _log.warning("%s cannot be read: %s", connection, error.title)
            except Exception:  # noqa: BLE001  kept in the log; the other connections go on
                _log.exception("the keeping of %s failed", connection)
                resume_at = time.monotonic() + _LONGEST

    def _look(
        self, scope: Scope, plan: _Plan, stop: threading.Event, looked_at: bool, *, asked: bool
    ) -> None:
        """Look at a group as far as it is time to."""
        at = time.monotonic()
        slower = 1 if looked_at else _UNSEEN
        known = mirror_tenant.state(self._registry, scope, mirror_tenant.GROUP).done_at is not None
        if not known and not looked_at:
            return
        try:
            if asked or not plan.begun or at - plan.whole > WHOLE * slower:
                self._sync.sync(scope, stop=stop, thorough=asked)
                plan.whole = plan.light = plan.running = time.monotonic()
                plan.begun = True
                return
            going = at - plan.running > RUNNING * slower and bool(
                mirror.unfinished(self._registry, scope)
            )
            light = at - plan.light > LIGHT * slower
            if not (going or light):
                return
            reading = GroupReading(self._registry, scope, self._runtimes.runtime(scope), stop=stop)
            if light:
                TenantReading(
                    self._registry, scope.connection, self._runtimes.runtime(scope), stop
                ).whole()
                reading.light()
                plan.light = time.monotonic()
            else:
                reading.running()
            # One that takes long, such as much that is logged, comes seldom: a tenth of the time at most.
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
    """Hold the lock of a home's sync daemon, waiting until ``stop``; yields whether it was acquired."""
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
