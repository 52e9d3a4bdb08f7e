"""Certificates for test servers, created by openssl: an authority, a server and clients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.stores.shared_server import call, tool

_EXTENSIONS = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Certificates:
    """PEM files of certificates and keys.

    ``stranger`` is a client certificate from an authority that no server trusts.
    """

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    stranger: Path
    stranger_key: Path


def make(folder: Path) -> Certificates:
    """Create certificates for ``localhost`` and ``127.0.0.1`` in a folder, valid for ten years.

    Raises:
        Missing: openssl is not installed.
    """
    extensions = folder / "extensions"
    extensions.write_text(_EXTENSIONS)
    for authority, names in (("ca", ("server", "client")), ("other-ca", ("stranger",))):
        _request(
            folder,
            authority,
            "-x509",
            "-days",
            "3650",
            "-addext",
            "keyUsage = critical, keyCertSign, cRLSign",
        )
        for name in names:
            _request(folder, name)
            signed = [
                "-CA",
                f"{authority}.pem",
                "-CAkey",
                f"{authority}.key",
                "-CAcreateserial",
                "-days",
                "3650",
            ]
            files = ["-in", f"{name}.pem", "-out", f"{name}.signed", "-extfile", str(extensions)]
            call([_openssl(), "x509", "-req", *signed, *files], cwd=folder)
            (folder / f"{name}.signed").rename(folder / f"{name}.pem")
    return within(folder)


def within(folder: Path) -> Certificates:
    """Return the certificates that `make` created in this folder."""
    return Certificates(
        folder / "ca.pem",
        *(
            folder / f"{name}.{kind}"
            for name in ("server", "client", "stranger")
            for kind in ("pem", "key")
        ),
    )


def _openssl() -> str:
    return tool("openssl", "apt-get install openssl")


def _request(folder: Path, name: str, *more: str) -> None:
    key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        f"{name}.key",
    ]
    call(
        [_openssl(), "req", "-new", *key, "-subj", f"/CN={name}", "-out", f"{name}.pem", *more],
        cwd=folder,
    )
