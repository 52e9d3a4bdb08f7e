"""Access to the system's keyring through the package ``keyring``, without prompts, with timeouts.

Errors have a hint only if the keyring itself can be repaired; `credentials` adds what else to do.

A locked keyring is never unlocked by launchpad: the prompt would open behind the terminal, or
nowhere. Each call ends within `TIMEOUT` seconds. A keyring that did not respond is not used again
for `PAUSE` seconds.
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
from launchpad_tui.records import record

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

#: the service name of all entries; the entry's name is used as user name
SERVICE = "launchpad"
#: seconds
TIMEOUT, PAUSE = 2.0, 30.0
#: display names of the keyrings of operating systems, by the module of their backend
_SYSTEMS = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Manager",
}
#: size limit of an entry in bytes, and its encoding (CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h)
_LIMITS = {"keyring.backends.Windows": (5 * 512, "utf-16-le")}
_TITLE = "The system's keyring cannot be used"
_UNLOCK = "Unlock the keyring, for example by logging in at the desktop, and try again."

_T = TypeVar("_T")


@dataclass
class _Pause:
    """The time (monotonic seconds) until which a keyring that did not respond is not used."""

    until: float = 0.0


_pause = _Pause()


@record
class Written:
    """The result of writing an entry.

    Args:
        keyring: display name of the keyring.
        undo: restores the previous entry.
    """

    keyring: str
    undo: Callable[[], None]


def read(entry: str) -> str | None:
    """Return the text of an entry, None if there is none.

    Raises:
        ConfigError: there is no keyring, it is locked, or it does not respond.
    """
    return _bounded(lambda backend: backend.get_password(SERVICE, entry), required=True)


def write(entry: str, text: str, *, required: bool) -> Written:
    """Replace the text of an entry.

    Args:
        required: the user requires a keyring, so that any keyring which the package finds or is
            configured for is used; otherwise only those of desktops are used.

    Raises:
        ConfigError: as for `read`, or the text is too long for the keyring; nothing is changed.
    """

    def put(backend: KeyringBackend) -> tuple[str, str | None]:
        _check_size(backend, text)
        before = backend.get_password(SERVICE, entry)
        backend.set_password(SERVICE, entry, text)
        if backend.get_password(SERVICE, entry) != text:
            # For example, the null backend stores nothing.
            raise ConfigError(_TITLE, f"{_name(backend)} did not store the entry.")
        return _name(backend), before

    def restore(backend: KeyringBackend, before: str | None) -> None:
        if before is None:
            backend.delete_password(SERVICE, entry)
        else:
            backend.set_password(SERVICE, entry, before)

    name, before = _bounded(
        put, required=required, late=lambda backend, found: restore(backend, found[1])
    )
    return Written(
        name, lambda: _bounded(lambda backend: restore(backend, before), required=required)
    )


def delete(entry: str) -> None:
    """Remove an entry, if it exists.

    Raises:
        ConfigError: as for `read`.
    """

    def remove(backend: KeyringBackend) -> None:
        if backend.get_password(SERVICE, entry) is not None:
            backend.delete_password(SERVICE, entry)

    _bounded(remove, required=True)


def _bounded(
    work: Callable[[KeyringBackend], _T],
    *,
    required: bool,
    late: Callable[[KeyringBackend, _T], None] | None = None,
) -> _T:
    """Return the result of ``work`` if it ends within `TIMEOUT`; ``late`` undoes a later result."""
    _import(required)
    if time.monotonic() < _pause.until:
        raise _no_response()
    answer: Future[_T] = Future()
    given_up = threading.Lock()

    def run() -> None:
        try:
            backend = _backend(required)
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
    wait([answer], TIMEOUT)
    with given_up:
        if not answer.done():
            answer.cancel()
            _pause.until = time.monotonic() + PAUSE
            raise _no_response()
    error = answer.exception()
    if error is None:
        return answer.result()
    if isinstance(error, ConfigError):
        raise error
    # Messages of other packages may contain secrets, so only the name of the error is passed on.
    raise ConfigError(_TITLE, f"It failed with {type(error).__name__}.", _UNLOCK)


def _no_response() -> ConfigError:
    return ConfigError(_TITLE, f"It did not respond within {TIMEOUT:g} seconds.", _UNLOCK)


def _import(required: bool) -> None:
    """Import the package, which takes time but cannot hang.

    Raises:
        ConfigError: the package is missing, or there is no session bus.
    """
    if (
        not required
        and sys.platform.startswith("linux")
        and not os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    ):
        raise ConfigError(_TITLE, "There is no session bus (DBUS_SESSION_BUS_ADDRESS is not set).")
    try:
        import keyring
        import keyring.backends.SecretService  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            _TITLE, "The package keyring is not installed.", "Install it with: pip install keyring"
        ) from error


def _backend(required: bool) -> KeyringBackend:
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
        if required and backend.priority >= 1:
            return backend
    raise ConfigError(_TITLE, "This machine has no keyring that opens without a prompt.")


def _check_secret_service() -> None:
    """Check that the default collection exists and is unlocked; otherwise the backend would prompt.

    Raises:
        ConfigError: the collection is missing or locked, or the Secret Service is not available.
    """
    import secretstorage

    try:
        connection = secretstorage.dbus_init()
    except secretstorage.SecretServiceNotAvailableException as error:
        raise ConfigError(_TITLE, "The session bus (D-Bus) cannot be reached.") from error
    with closing(connection):
        if not secretstorage.check_service_availability(connection):
            raise ConfigError(_TITLE, "No program on the session bus provides the Secret Service.")
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
            _TITLE, f"An entry of {_name(backend)} may have at most {most:,} bytes, not {size:,}."
        )


def _name(backend: KeyringBackend) -> str:
    return _SYSTEMS.get(type(backend).__module__) or str(backend.name)
