"""The system's keyring, over the package ``keyring``: asked without ever asking the user, and never waited for long.

A keyring that is locked is not unlocked from here: its prompt would come up behind the terminal, or nowhere. Each call
ends within `PATIENCE` seconds; a keyring that did not answer is left alone for `REST` seconds.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from launchpad_tui.errors import ConfigError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

#: what all entries are kept under; the entry's name stands where others have a user's
SERVICE = "launchpad"
PATIENCE, REST = 2.0, 30.0
#: names of the systems' keyrings, by their backend's module
_SYSTEMS = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
}
#: most bytes of an entry, as its system encodes it (CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h)
_LIMITS = {"keyring.backends.Windows": (5 * 512, "utf-16-le")}
_TITLE = "The system's keyring cannot be used"
_UNLOCK = "Unlock the keyring (logging in at the desktop does), and try again."

_T = TypeVar("_T")


@dataclass
class _Rest:
    """Until when (monotonic seconds) a keyring that did not answer is left alone."""

    until: float = 0.0


_rest = _Rest()


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that was written: the keyring's name for people, and what puts the entry back as it was before."""

    keyring: str
    undo: Callable[[], None]


def read(entry: str) -> str | None:
    """The text of an entry; None where there is none.

    Raises:
        ConfigError: there is no keyring, it is locked, or it does not answer.
    """
    return _bounded(lambda backend: backend.get_password(SERVICE, entry), chosen=True)


def write(entry: str, text: str, *, chosen: bool) -> Written:
    """Keep a text under an entry, in place of what it had.

    Args:
        chosen: the user wants a keyring: any that ``keyring`` finds or is configured for; else only those of desktops.

    Raises:
        ConfigError: as for `read`, or the text is too long for the keyring; nothing is changed.
    """

    def put(backend: KeyringBackend) -> tuple[str, str | None]:
        _check_size(backend, text)
        before = backend.get_password(SERVICE, entry)
        backend.set_password(SERVICE, entry, text)
        if backend.get_password(SERVICE, entry) != text:
            # Such as the backend that is there to keep nothing.
            raise ConfigError(_TITLE, f"{_name(backend)} did not keep what it was given.")
        return _name(backend), before

    def take_back(backend: KeyringBackend, before: str | None) -> None:
        if before is None:
            backend.delete_password(SERVICE, entry)
        else:
            backend.set_password(SERVICE, entry, before)

    name, before = _bounded(
        put, chosen=chosen, late=lambda backend, found: take_back(backend, found[1])
    )
    return Written(
        name, lambda: _bounded(lambda backend: take_back(backend, before), chosen=chosen)
    )


def delete(entry: str) -> None:
    """Forget an entry; fine where there is none.

    Raises:
        ConfigError: as for `read`.
    """

    def forget(backend: KeyringBackend) -> None:
        if backend.get_password(SERVICE, entry) is not None:
            backend.delete_password(SERVICE, entry)

    _bounded(forget, chosen=True)


def _bounded(
    work: Callable[[KeyringBackend], _T],
    *,
    chosen: bool,
    late: Callable[[KeyringBackend, _T], None] | None = None,
) -> _T:
    """What the work gives, within `PATIENCE`; where it ends after that, ``late`` undoes it."""
    _import(chosen)
    if time.monotonic() < _rest.until:
        raise _silent()
    answer: Future[_T] = Future()
    given_up = threading.Lock()

    def run() -> None:
        try:
            backend = _backend(chosen)
            found = work(backend)
        except BaseException as error:  # noqa: BLE001 - it is raised on the caller's thread
            with given_up:
                if not answer.cancelled():
                    answer.set_exception(error)
            return
        with given_up:
            in_time = not answer.cancelled()
            if in_time:
                answer.set_result(found)
        if not in_time and late is not None:
            with contextlib.suppress(Exception):
                late(backend, found)

    # A daemon: a keyring that hangs holds up no end of the program.
    threading.Thread(target=run, name="keyring", daemon=True).start()
    wait([answer], PATIENCE)
    with given_up:
        if not answer.done():
            answer.cancel()
            _rest.until = time.monotonic() + REST
            raise _silent()
    error = answer.exception()
    if error is None:
        return answer.result()
    if isinstance(error, ConfigError):
        raise error
    # What other packages say may hold what they were given, so only their error's name is handed on.
    raise ConfigError(_TITLE, f"It failed with {type(error).__name__}.", _UNLOCK)


def _silent() -> ConfigError:
    return ConfigError(_TITLE, f"It did not answer within {PATIENCE:g} seconds.", _UNLOCK)


def _import(chosen: bool) -> None:
    """Import what takes time but cannot hang; raises ConfigError where it is clear that there is no keyring."""
    if (
        not chosen
        and sys.platform.startswith("linux")
        and not os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    ):
        raise ConfigError(_TITLE, "There is no session bus (DBUS_SESSION_BUS_ADDRESS is not set).")
    try:
        import keyring
        import keyring.backends.SecretService  # noqa: F401
    except ImportError as error:
        raise ConfigError(_TITLE, "The package keyring is not installed.") from error


def _backend(chosen: bool) -> KeyringBackend:
    import keyring
    from keyring.backends.chainer import ChainerBackend

    found = keyring.get_keyring()
    several = list(found.backends) if isinstance(found, ChainerBackend) else [found]
    # The desktop's comes first, so that what is kept without a choice is found with one, and the other way round.
    for backend in several:
        if type(backend).__module__ in _SYSTEMS:
            if type(backend).__module__ == "keyring.backends.SecretService":
                _check_secret_service()
            return backend
    for backend in several:
        if chosen and backend.priority >= 1:
            return backend
    raise ConfigError(_TITLE, "There is none on this machine, or none that opens without asking.")


def _check_secret_service() -> None:
    """See that the default collection is there and open: a call of the backend would else bring up a prompt."""
    import secretstorage

    try:
        connection = secretstorage.dbus_init()
    except secretstorage.SecretServiceNotAvailableException as error:
        raise ConfigError(
            _TITLE, "There is no session bus (D-Bus) that could be called."
        ) from error
    with closing(connection):
        if not secretstorage.check_service_availability(connection):
            raise ConfigError(_TITLE, "No program on the session bus offers the Secret Service.")
        try:
            locked = secretstorage.get_collection_by_alias(connection, "default").is_locked()
        except secretstorage.ItemNotFoundException as error:
            hint = "Make one with the desktop's program for passwords."
            raise ConfigError(_TITLE, "The Secret Service has no default keyring.", hint) from error
        if locked:
            raise ConfigError(_TITLE, "It is locked.", _UNLOCK)


def _check_size(backend: KeyringBackend, text: str) -> None:
    most, encoding = _LIMITS.get(type(backend).__module__, (0, "utf-8"))
    size = len(text.encode(encoding))
    if most and size > most:
        raise ConfigError(
            _TITLE,
            f"An entry of {_name(backend)} has room for {most:,} bytes, and {size:,} are to be kept.",
        )


def _name(backend: KeyringBackend) -> str:
    return _SYSTEMS.get(type(backend).__module__) or str(backend.name)
