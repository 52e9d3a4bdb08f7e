"""A secured HDFS for tests: MIT Kerberos, and a NameNode and DataNode of Hadoop in secure mode.

The cluster uses HTTPS and SASL, as Hadoop requires without privileged ports. `ALICE` is a user with
the folder ``/user/alice``; `BOB` is a user without permissions.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from launchpad_tui.errors import DependencyMissing, Unreachable
from launchpad_tui.stores.kerberos import import_gssapi
from launchpad_tui.stores.webhdfs_client import WebHdfsClient
from tests.stores import certificates, hadoop, hadoop_jars, shared_server
from tests.stores.shared_server import Missing, call, free_ports, running, tool, wait_until

REALM = "LAUNCHPAD.TEST"
ALICE = f"alice@{REALM}"
BOB = f"bob@{REALM}"
#: validity of delegation tokens (seconds), after which they must be renewed
TOKEN_SECONDS = 240
#: principal of both servers, which is the superuser
_SERVICE = f"hdfs/localhost@{REALM}"
_SPNEGO = f"HTTP/localhost@{REALM}"
_PACKAGES = "apt-get install krb5-kdc krb5-admin-server krb5-user"
#: internals of Java's Kerberos that Hadoop uses by reflection
_JAVA = ["--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED"]


@dataclass(frozen=True)
class Server:
    """A running KDC and HDFS.

    Args:
        namenode: address of WebHDFS without ``/webhdfs/v1``.
        krb5_conf: file for the environment variable KRB5_CONFIG.
        alice_keytab, bob_keytab, service_keytab: keytabs of the users and of the superuser.
        folder: folder of the KDC's files, with further keytabs: ``ghost.keytab`` of a principal
            that was deleted, and ``stale.keytab`` of ``carol``, whose key was changed.
    """

    namenode: str
    ca_file: str
    krb5_conf: str
    alice_keytab: str
    bob_keytab: str
    service_keytab: str
    folder: str

    def values(self, prefix: str = "user/alice", **more: str) -> dict[str, str]:
        """Return the values of a store of `ALICE` that uses her keytab."""
        return {
            "namenode": self.namenode,
            "path_prefix": prefix,
            "ca_file": self.ca_file,
            "authentication": "keytab",
            "keytab": self.alice_keytab,
            "principal": ALICE,
            **more,
        }

    def ticket(self, file: Path, *options: str) -> str:
        """Get a ticket for `ALICE`; return the name of the ticket cache."""
        name = f"FILE:{file}"
        program = tool("kinit", _PACKAGES)
        command = [program, "-c", name, "-k", "-t", self.alice_keytab, *options, ALICE]
        call(command, env={"KRB5_CONFIG": self.krb5_conf})
        return name


def shared() -> Server:
    """Return the server of this test run; skip the test if a program is not available."""
    return shared_server.join("secure_hdfs", Server)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run KDC, NameNode and DataNode until the block ends.

    Raises:
        Missing: Java, the jars or MIT Kerberos are not available.
        Broken: a server does not start.
    """
    try:
        import_gssapi()
    except DependencyMissing as error:
        raise Missing(f"requires gssapi: {error.hint}") from error
    programs = hadoop_jars.ready()
    kdc_program = tool("krb5kdc", _PACKAGES)
    with ExitStack() as stack:
        kdc = folder / "kdc"
        kdc.mkdir()
        (port,) = free_ports(1)
        environment = _create_realm(kdc, port)
        log = folder / "kdc.log"
        process = stack.enter_context(
            running([kdc_program, "-n", "-r", REALM], log, cwd=kdc, env=environment)
        )
        wait_until(lambda: "starting" in log.read_text(), {log: process})
        names = ("https", "rpc", "data_https", "data", "data_rpc")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        addresses = {name: f"localhost:{port}" for name, port in ports.items()}
        shutil.copytree(programs / "name", folder / "name")
        hadoop.configure(
            folder,
            programs,
            {**addresses, "http": "localhost:0", "data_http": "localhost:0"},
            "hdfs",
            core=_core_properties(kdc / "service.keytab"),
            hdfs=_hdfs_properties(kdc / "service.keytab"),
        )
        command = hadoop_jars.command(programs, folder / "conf")
        command[1:1] = [*_JAVA, f"-Djava.security.krb5.conf={kdc / 'krb5.conf'}"]
        package = "org.apache.hadoop.hdfs.server"
        processes = {}
        for name in ("namenode.NameNode", "datanode.DataNode"):
            log = folder / f"{name}.log"
            processes[log] = stack.enter_context(
                running([*command, f"{package}.{name}"], log, cwd=folder)
            )
        server = Server(
            f"https://localhost:{ports['https']}",
            str(certificates.within(programs / "tls").ca),
            str(kdc / "krb5.conf"),
            str(kdc / "alice.keytab"),
            str(kdc / "bob.keytab"),
            str(kdc / "service.keytab"),
            str(kdc),
        )
        wait_until(lambda: _ready(server), processes, 180)
        yield server


def _create_realm(folder: Path, port: int) -> dict[str, str]:
    """Create the database and the keytabs; return the environment of the programs of Kerberos."""
    (folder / "kdc.conf").write_text(
        f"""\
[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {REALM} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/kadm5.acl
 }}
"""
    )
    (folder / "krb5.conf").write_text(
        f"""\
[libdefaults]
 default_realm = {REALM}
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{port}
 }}
"""
    )
    environment = {
        "KRB5_CONFIG": str(folder / "krb5.conf"),
        "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
    }
    call(
        [tool("kdb5_util", _PACKAGES), "create", "-s", "-r", REALM, "-P", "master"],
        cwd=folder,
        env=environment,
    )
    keytabs = {
        "service": ["hdfs/localhost", "HTTP/localhost"],
        "alice": ["alice"],
        "bob": ["bob"],
        "ghost": ["ghost"],
        "stale": ["carol"],
    }
    lines = []
    for keytab, principals in keytabs.items():
        lines += [f"addprinc -randkey {each}" for each in principals]
        lines.append(f"ktadd -k {folder / keytab}.keytab {' '.join(principals)}")
    call(
        [tool("kadmin.local", _PACKAGES), "-r", REALM],
        data="\n".join(
            [*lines, "delprinc -force ghost", "cpw -randkey carol", "quit", ""]
        ).encode(),
        env=environment,
    )
    return environment


def _core_properties(keytab: Path) -> dict[str, object]:
    return {
        "hadoop.security.authentication": "kerberos",
        "hadoop.security.authorization": "true",
        "hadoop.http.filter.initializers": "org.apache.hadoop.hdfs.web.AuthFilterInitializer",
        "hadoop.http.authentication.type": "kerberos",
        "hadoop.http.authentication.kerberos.principal": _SPNEGO,
        "hadoop.http.authentication.kerberos.keytab": keytab,
        "hadoop.ssl.require.client.cert": "false",
        "hadoop.user.group.static.mapping.overrides": "hdfs=supergroup;alice=users;bob=visitors",
    }


def _hdfs_properties(keytab: Path) -> dict[str, object]:
    properties: dict[str, object] = {
        "dfs.http.policy": "HTTPS_ONLY",
        "dfs.client.https.need-auth": "false",
        "dfs.block.access.token.enable": "true",
        "dfs.data.transfer.protection": "authentication",
        "dfs.web.authentication.kerberos.principal": _SPNEGO,
        "dfs.web.authentication.kerberos.keytab": keytab,
        # Tokens expire fast, so that tests can renew them.
        "dfs.namenode.delegation.token.renew-interval": TOKEN_SECONDS * 1000,
    }
    for role in ("namenode", "datanode"):
        properties[f"dfs.{role}.kerberos.principal"] = _SERVICE
        properties[f"dfs.{role}.keytab.file"] = keytab
    return properties


def _ready(server: Server) -> bool:
    """Create the folder of `ALICE` as the superuser; return whether a DataNode accepts files."""
    administrator = server.values("", keytab=server.service_keytab, principal=_SERVICE)
    before = os.environ.get("KRB5_CONFIG")
    os.environ["KRB5_CONFIG"] = server.krb5_conf
    try:
        client = WebHdfsClient(administrator)
        client.call("PUT", "/user/alice", "MKDIRS", retry=False)
        client.call("PUT", "/user/alice", "SETOWNER", {"owner": "alice"}, retry=False)
        client.create("/user/alice/ready", 1, lambda: iter([b"x"]))
    except Unreachable:
        return False
    finally:
        if before is None:
            del os.environ["KRB5_CONFIG"]
        else:
            os.environ["KRB5_CONFIG"] = before
    return True
