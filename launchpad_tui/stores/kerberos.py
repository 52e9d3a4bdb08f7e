"""Kerberos logins and SPNEGO tokens (RFC 4559), through the package gssapi and MIT Kerberos.

gssapi is imported when a token is first requested. The configuration is that of the system
(krb5.conf, or the environment variable KRB5_CONFIG).
"""

from __future__ import annotations

import base64
import os
import re
import struct
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    DependencyMissing,
    LaunchpadError,
    Unreachable,
)

#: object identifier of the mechanism SPNEGO (RFC 4178)
_SPNEGO = "1.3.6.1.5.5.2"
_KEYTAB_MAGIC = b"\x05\x02"
_CLOCK = "Synchronize the clocks of this machine, the KDC and the servers."
#: messages of MIT Kerberos, with title and hint of the error
_MESSAGES = (
    (r"Clock skew too great", "The clocks differ too much for Kerberos", _CLOCK),
    (
        r"Ticket expired|credentials? (has|have) expired",
        "The Kerberos ticket of {login} has expired",
        "{renew}",
    ),
    (
        r"Client .*not found in Kerberos database",
        "The KDC does not know the principal {login}",
        "Check the field Principal.",
    ),
    (
        r"Server .*not found in Kerberos database",
        "The KDC does not know the service HTTP/{host}",
        "Enter the name of the NameNode by which the cluster was set up, not an alias or address.",
    ),
    (
        r"Decrypt integrity check failed|Preauthentication failed|Password incorrect",
        "The KDC rejects the keytab of {login}",
        "Export the keytab again: the key was changed after it was exported.",
    ),
    (
        r"Principal in credential cache does not match",
        "The ticket cache has no ticket of {login}",
        "Check the field Principal, or get a ticket: kinit {login}",
    ),
    (
        r"revoked|has expired|locked",
        "The KDC rejects the principal {login}",
        "Ask the administrator of the realm.",
    ),
)
_UNREACHABLE = re.compile(r"Cannot contact any KDC|Cannot resolve|Cannot find KDC|unreachable")
_CONFIGURATION = re.compile(r"default realm|configuration file|Improper format", re.IGNORECASE)


class KerberosLogin:
    """The login of a user by a ticket cache or a keytab. Safe for threads.

    Args:
        values: the fields ``authentication`` (``ticket`` or ``keytab``), ``principal``,
            ``ticket_cache`` and ``keytab``.

    Raises:
        ConfigError: the path of the keytab is missing.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._principal = values.get("principal", "").strip()
        self._keytab = ""
        self._store: dict[str, str] | None = None
        if values.get("authentication") == "keytab":
            self._keytab = os.path.expanduser(values.get("keytab", "").strip())
            if not self._keytab:
                raise ConfigError(
                    "The keytab is missing", "The field Keytab is empty.", "Enter its path."
                )
            # Tickets that are requested with the keytab are kept in memory.
            cache = f"MEMORY:launchpad-{uuid.uuid4().hex}"
            self._store = {"client_keytab": self._keytab, "ccache": cache}
        elif values.get("ticket_cache", "").strip():
            self._store = {"ccache": values["ticket_cache"].strip()}

    def principal(self) -> str:
        """Return the name of the principal with its realm.

        Raises:
            LaunchpadError: see `token`.
        """
        import_gssapi()
        try:
            return str(self._credentials().name)
        except Exception as error:
            raise self._explain(error, "") from error

    def token(self, host: str) -> str:
        """Return a new SPNEGO token for the HTTP service of a host, in base64.

        Raises:
            AuthenticationFailed: there is no valid ticket, or the KDC rejects the principal.
            ConfigError: the keytab cannot be read, or Kerberos is not configured.
            DependencyMissing: gssapi is not installed.
            Unreachable: no KDC responds.
        """
        gssapi = import_gssapi()
        try:
            context = gssapi.SecurityContext(
                name=gssapi.Name(f"HTTP@{host}", gssapi.NameType.hostbased_service),
                mech=gssapi.OID.from_int_seq(_SPNEGO),
                creds=self._credentials(),
                usage="initiate",
            )
            token: bytes = context.step()
        except Exception as error:
            raise self._explain(error, host) from error
        return base64.b64encode(token).decode()

    def _credentials(self) -> Any:
        gssapi = import_gssapi()
        if self._keytab:
            principals = read_keytab(Path(self._keytab))
            if not principals:
                raise ConfigError(
                    "The keytab is empty", self._keytab, "Export the keytab of the principal again."
                )
        name = None
        if self._principal:
            name = gssapi.Name(self._principal, gssapi.NameType.kerberos_principal)
        return gssapi.Credentials(name=name, usage="initiate", store=self._store)

    def _explain(self, error: Exception, host: str) -> LaunchpadError:
        if isinstance(error, LaunchpadError):
            return error
        detail = _message(error)
        login = self._principal or "this user"
        if _UNREACHABLE.search(detail):
            return Unreachable(
                "No response from the Kerberos KDC",
                detail,
                "Check the network, and the realm in krb5.conf.",
            )
        if _CONFIGURATION.search(detail):
            return ConfigError(
                "Kerberos is not configured on this machine",
                detail,
                "Set the realm in /etc/krb5.conf, or the path of another file in KRB5_CONFIG.",
            )
        renew = "Get a new ticket: kinit" + (f" {self._principal}" if self._principal else "")
        for pattern, title, hint in _MESSAGES:
            if re.search(pattern, detail):
                texts = {"login": login, "host": host, "renew": renew}
                return AuthenticationFailed(title.format(**texts), detail, hint.format(**texts))
        if self._keytab:
            return self._explain_keytab(detail)
        return AuthenticationFailed(
            "No Kerberos ticket found", detail, renew.replace("a new ticket", "a ticket")
        )

    def _explain_keytab(self, detail: str) -> LaunchpadError:
        principals = read_keytab(Path(self._keytab))
        names = ", ".join(principals[:5])
        if self._principal and not any(_matches(self._principal, each) for each in principals):
            return ConfigError(
                f"The keytab has no key of {self._principal}",
                f"{self._keytab} has keys of: {names}.",
                "Check the fields Principal and Keytab.",
            )
        return AuthenticationFailed(
            "The login with the keytab failed",
            f"{detail}\nPrincipals in {self._keytab}: {names}",
            "Check the fields Principal and Keytab, and the realm in krb5.conf.",
        )


def _matches(wanted: str, principal: str) -> bool:
    """Return whether a principal is the wanted one, which may have no realm."""
    return principal == wanted or ("@" not in wanted and principal.partition("@")[0] == wanted)


def import_gssapi() -> Any:
    """Import and return gssapi.

    Raises:
        DependencyMissing: it is not installed, or the libraries of MIT Kerberos are missing.
    """
    try:
        import gssapi
    except ImportError as error:
        raise DependencyMissing(
            "Kerberos requires the package gssapi",
            str(error),
            "Install it with: pip install 'launchpad-tui[kerberos]'. "
            "It is compiled with the headers of MIT Kerberos (Debian: libkrb5-dev).",
            extra="kerberos",
        ) from error
    return gssapi


def read_keytab(path: Path) -> list[str]:
    """Return the principals that have keys in a keytab, each once.

    https://web.mit.edu/kerberos/krb5-latest/doc/formats/keytab_file_format.html

    Raises:
        ConfigError: the file cannot be read, or is not a keytab.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            "The keytab cannot be read",
            f"{path}: {error.strerror or error}",
            "Check the field Keytab and the permissions of the file.",
        ) from error
    if not content.startswith(_KEYTAB_MAGIC):
        raise _invalid_keytab(path)
    principals: dict[str, None] = {}
    position = len(_KEYTAB_MAGIC)
    try:
        while position < len(content):
            (size,) = struct.unpack_from(">i", content, position)
            position += 4
            if size > 0:
                principals[_parse_principal(content[position : position + size])] = None
            # A negative size is that of a deleted entry.
            position += abs(size)
    except (struct.error, UnicodeDecodeError):
        raise _invalid_keytab(path) from None
    return list(principals)


def _parse_principal(entry: bytes) -> str:
    (count,) = struct.unpack_from(">H", entry)
    position, texts = 2, []
    for _ in range(count + 1):
        (length,) = struct.unpack_from(">H", entry, position)
        texts.append(entry[position + 2 : position + 2 + length].decode())
        position += 2 + length
    realm, *components = texts
    return f"{'/'.join(components)}@{realm}"


def _invalid_keytab(path: Path) -> ConfigError:
    return ConfigError(
        "The file is not a keytab", str(path), "Select a keytab of MIT Kerberos (version 2)."
    )


def _message(error: Exception) -> str:
    """Return the message of the mechanism; if there is none, the general message."""
    found = re.search(r"Major \(\d+\): (.*?), Minor \(\d+\): (.*)", str(error), re.DOTALL)
    if found is None:
        return (str(error) or type(error).__name__).strip()[:300]
    general, special = (each.strip()[:300] for each in found.groups())
    return general if special in {"", "Success"} else special
