"""The system's keyring, by the package ``keyring``, without prompts and with timeouts.

A locked keyring is not unlocked from here: its prompt would open behind the terminal, or nowhere.
Each call ends within `PATIENCE` seconds; a keyring that did not respond is not used for `REST`
seconds.
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

#: the service name of all entries; the entry's name is used as user name
SERVICE = "launchpad"
PATIENCE, REST = 2.0, 30.0
#: display names of the systems' keyrings, by the module of their backend
_SYSTEMS = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
}
#: the largest entry in bytes, as its system encodes it (CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h)
_LIMITS = {"keyring.backends.Windows": (5 * 512, "utf-16-le")}
_TITLE = "The system's keyring cannot be used"
_UNLOCK = "Unlock the keyring (logging in at the desktop does), and try again."

_T = TypeVar("_T")


@dataclass
class _Rest:
    """Until when (monotonic seconds) a keyring that did not respond is not used."""

    until: float = 0.0


_rest = _Rest()


@dataclass(frozen=True, slots=True)
class Written:
    """A written entry: the name of the keyring, and a function that restores the old entry."""

    keyring: str
    undo: Callable[[], None]


def read(entry: str) -> str | None:
    """Return the text of an entry, None if there is none.

    Raises:
        ConfigError: there is no keyring, it is locked, or it does not respond.
    """
    return _bounded(lambda backend: backend.get_password(SERVICE, entry), chosen=True)


def write(entry: str, text: str, *, chosen: bool) -> Written:
    """Replace the text of an entry.

    Args:
        chosen: the user requires a keyring: any that ``keyring`` finds or is configured for may be
            used; else only those of desktops.

    Raises:
        ConfigError: as for `read`, or the text is too long for the keyring; nothing is changed.
    """

    def put(backend: KeyringBackend) -> tuple[str, str | None]:
        _check_size(backend, text)
        before = backend.get_password(SERVICE, entry)
        backend.set_password(SERVICE, entry, text)
        if backend.get_password(SERVICE, entry) != text:
            # Such as the null backend, which stores nothing.
            raise ConfigError(_TITLE, f"{_name(backend)} did not store the entry.")
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
    """Remove an entry, if it exists.

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
    """Return the result of the work within `PATIENCE`; if it ends later, ``late`` undoes it."""
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

    # A daemon thread: a keyring that hangs does not delay the end of the program.
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
    # Messages of other packages may contain secrets, so only the name of the error is passed on.
    raise ConfigError(_TITLE, f"It failed with {type(error).__name__}.", _UNLOCK)


def _silent() -> ConfigError:
    return ConfigError(_TITLE, f"It did not answer within {PATIENCE:g} seconds.", _UNLOCK)


def _import(chosen: bool) -> None:
    """Import what takes time but cannot hang. Raises ConfigError if there is clearly no keyring."""
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
    # The desktop's keyring comes first, so that entries are found with either setting.
    for backend in several:
        if type(backend).__module__ in _SYSTEMS:
            if type(backend).__module__ == "keyring.backends.SecretService":
                _check_secret_service()
            return backend
    for backend in several:
        if chosen and backend.priority >= 1:
            return backend
    raise ConfigError(_TITLE, "This machine has no keyring that opens without a prompt.")


def _check_secret_service() -> None:
    """Check that the default collection exists and is unlocked.

    The backend would prompt otherwise.
    """
    import secretstorage

    try:
        connection = secretstorage.dbus_init()
    except secretstorage.SecretServiceNotAvailableException as error:
        raise ConfigError(_TITLE, "There is no session bus (D-Bus) that can be reached.") from error
    with closing(connection):
        if not secretstorage.check_service_availability(connection):
            raise ConfigError(_TITLE, "No program on the session bus offers the Secret Service.")
        try:
            locked = secretstorage.get_collection_by_alias(connection, "default").is_locked()
        except secretstorage.ItemNotFoundException as error:
            hint = "Create one with the desktop's password manager."
            raise ConfigError(_TITLE, "The Secret Service has no default keyring.", hint) from error
        if locked:
            raise ConfigError(_TITLE, "The default keyring is locked.", _UNLOCK)


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
