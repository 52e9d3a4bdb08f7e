"""What goes on beside the requests: schedules create executions, and executions whose process died are noticed."""

from __future__ import annotations

import logging
import threading

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.desk import Desk

_log = logging.getLogger(__name__)
#: seconds between two looks, at most
_LOOK = 2.0


class MaintenanceThread:
    """A thread that looks after executions for as long as the server runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that goes on."""
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        told = ""
        while not self._over.is_set():
            wait = _LOOK
            try:
                self._desk.schedules.fire_due()
                self._desk.executions.reconcile()
                due = self._desk.schedules.due_in()
                # What is due still could not be created; it is tried again at the next look.
                wait = min(_LOOK, max(0.05, due)) if due else _LOOK
                told = ""
            except LaunchpadError as error:
                # The same trouble is told once, not every two seconds.
                if str(error) != told:
                    _log.warning("executions cannot be looked after", exc_info=error)
                told = str(error)
            except Exception as error:  # noqa: BLE001  the server goes on, whatever happens here
                if repr(error) != told:
                    _log.error("executions cannot be looked after", exc_info=error)
                told = repr(error)
            self._over.wait(wait)
