"""Maintenance beside the requests: run due schedules and notice executions whose process died."""

from __future__ import annotations

import logging
import threading

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.desk import Desk

_log = logging.getLogger(__name__)
#: maximum seconds between two checks
_INTERVAL = 2.0


class MaintenanceThread:
    """A thread that maintains executions and schedules while the server runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its current check."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        logged = ""
        while not self._stopped.is_set():
            wait = _INTERVAL
            try:
                self._desk.schedules.fire_due()
                self._desk.executions.reconcile()
                due = self._desk.schedules.due_in()
                # A schedule that is still due could not create its execution; it is retried.
                wait = min(_INTERVAL, max(0.05, due)) if due else _INTERVAL
                logged = ""
            except LaunchpadError as error:
                # The same error is logged once, not every two seconds.
                if str(error) != logged:
                    _log.warning("executions cannot be maintained", exc_info=error)
                logged = str(error)
            except Exception as error:  # noqa: BLE001  the server has to survive any error here
                if repr(error) != logged:
                    _log.error("executions cannot be maintained", exc_info=error)
                logged = repr(error)
            self._stopped.wait(wait)
