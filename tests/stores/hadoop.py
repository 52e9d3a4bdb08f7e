"""A real HDFS for tests: NameNode and DataNode of Hadoop 3.3.6 with WebHDFS.

Both listen for HTTP, and for HTTPS with client certificates. The user of this process is the
superuser; `VISITOR` is a user without permissions. There is no Kerberos: the parameter
``user.name`` selects the user.

``python -m tests.stores.hadoop`` prepares the jars. Otherwise the first test prepares them.
"""

from __future__ import annotations

import getpass
import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from xml.sax.saxutils import escape

from tests.stores import certificates, hadoop_jars, shared_server
from tests.stores.shared_server import Missing, call, free_ports, running, wait_until

VISITOR = "visitor"
#: block size (bytes); small, so that files of several blocks are created fast. HDFS charges a space
#: quota with a whole block while the block is written.
BLOCK = 8 << 20
#: number of names in a response to LISTSTATUS_BATCH
PAGE = 100
#: value of a quota that SETQUOTA leaves unchanged
_NO_QUOTA = (1 << 63) - 1
_PACKAGE = "org.apache.hadoop.hdfs.server"


@dataclass(frozen=True)
class Server:
    """A running HDFS.

    Args:
        namenode, tls_namenode: addresses of WebHDFS without ``/webhdfs/v1``.
        client_certificate, client_key: PEM text.
        stranger_certificate, stranger_key: PEM text, from an authority that the servers do not
            trust.
    """

    namenode: str
    tls_namenode: str
    datanode: str
    tls_datanode: str
    user: str
    ca_file: str
    client_certificate: str
    client_key: str
    stranger_certificate: str
    stranger_key: str

    def values(self, prefix: str) -> dict[str, str]:
        """Return the values of a store in this folder."""
        return {"namenode": self.namenode, "user": self.user, "path_prefix": prefix}

    def tls_values(self, prefix: str) -> dict[str, str]:
        """Return the values of a store that uses HTTPS with a client certificate."""
        secrets = {"client_cert": self.client_certificate, "client_key": self.client_key}
        return {
            **self.values(prefix),
            "namenode": self.tls_namenode,
            "ca_file": self.ca_file,
            **secrets,
        }

    def names(self, path: str) -> list[str]:
        """Return the names in a folder; empty if the folder does not exist."""
        status, answer = self.call("GET", f"/{path}", op="LISTSTATUS")
        if status == 404:
            return []
        statuses = answer["FileStatuses"]
        assert isinstance(statuses, dict)
        return [each["pathSuffix"] for each in statuses["FileStatus"]]

    def call(
        self, method: str, path: str, **parameters: str | int
    ) -> tuple[int, dict[str, object]]:
        """Send a request to the NameNode; return the status and the JSON of the response.

        The user is the superuser unless the parameters contain ``user.name``.
        """
        address = urlsplit(self.namenode)
        assert address.hostname is not None
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            query = urlencode({"user.name": self.user, **parameters})
            connection.request(method, f"/webhdfs/v1{quote(path)}?{query}")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def folder(self, path: str, *, permission: str = "755", owner: str = "") -> None:
        """Create a folder and its missing parents."""
        status, answer = self.call("PUT", path, op="MKDIRS", permission=permission)
        assert status == 200, answer
        if owner:
            status, answer = self.call("PUT", path, op="SETOWNER", owner=owner)
            assert status == 200, answer

    def set_space_quota(self, path: str, size: int) -> None:
        """Limit the size of a folder; larger uploads fail with 403 and DSQuotaExceededException.

        A new block is charged completely (`BLOCK`). So nothing can be written with a smaller quota,
        and with a quota of some blocks an upload fails in the middle of a file.
        """
        status, answer = self.call(
            "PUT", path, op="SETQUOTA", namespacequota=_NO_QUOTA, storagespacequota=size
        )
        assert status == 200, answer


def shared() -> Server:
    """Return the server of this test run; skip the test if Java or the jars are not available."""
    return shared_server.join("hadoop", Server)


@dataclass
class Cluster:
    """A running HDFS whose NameNode can be stopped and started again."""

    server: Server
    command: list[str]
    folder: Path
    namenode: ExitStack
    processes: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_namenode(self) -> None:
        """Start the NameNode without waiting until it is ready."""
        log = self.folder / "namenode.log"
        program = [*self.command, f"{_PACKAGE}.namenode.NameNode"]
        self.processes[log] = self.namenode.enter_context(running(program, log, cwd=self.folder))

    def stop_namenode(self) -> None:
        """Kill the NameNode."""
        self.namenode.close()

    def wait(self) -> None:
        """Wait until NameNode and DataNode are ready."""
        wait_until(lambda: _ready(self.server), self.processes)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run an HDFS on free ports until the block ends; its data is in the folder.

    Raises:
        Missing: Java or the jars are not available.
        Broken: the HDFS does not start.
    """
    with cluster(folder) as running_cluster:
        yield running_cluster.server


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run an HDFS as `serve` does; yield an object that controls it."""
    programs = hadoop_jars.ready()
    user = getpass.getuser()
    names = ("http", "https", "rpc", "data_http", "data_https", "data", "data_rpc")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    shutil.copytree(programs / "name", folder / "name")
    configure(folder, programs, {name: f"127.0.0.1:{port}" for name, port in ports.items()}, user)
    java = hadoop_jars.command(programs, folder / "conf")
    log = folder / "datanode.log"
    tls = certificates.within(programs / "tls")
    server = Server(
        namenode=f"http://127.0.0.1:{ports['http']}",
        tls_namenode=f"https://localhost:{ports['https']}",
        datanode=f"http://localhost:{ports['data_http']}",
        tls_datanode=f"https://localhost:{ports['data_https']}",
        user=user,
        ca_file=str(tls.ca),
        client_certificate=tls.client.read_text(),
        client_key=tls.client_key.read_text(),
        stranger_certificate=tls.stranger.read_text(),
        stranger_key=tls.stranger_key.read_text(),
    )
    datanode = [*java, f"{_PACKAGE}.datanode.DataNode"]
    with ExitStack() as namenode, running(datanode, log, cwd=folder) as process:
        started = Cluster(server, java, folder, namenode, {log: process})
        started.start_namenode()
        started.wait()
        yield started


@dataclass
class PairOfNameNodes:
    """A running HDFS with high availability: two NameNodes, of which one is active.

    Args:
        addresses: addresses of WebHDFS of both NameNodes.
        user: the superuser.
        command: the program and arguments that run a class of Java.
        namenodes: the processes of the NameNodes.
    """

    addresses: list[str]
    user: str
    command: list[str]
    folder: Path
    namenodes: list[ExitStack]

    def values(self, prefix: str) -> dict[str, str]:
        """Return the values of a store in this folder that knows both NameNodes."""
        return {"namenode": ",".join(self.addresses), "user": self.user, "path_prefix": prefix}

    def activate(self, number: int, *, other_runs: bool = True) -> None:
        """Make a NameNode the active one, and the other one a standby."""
        names = [f"nn{number}", f"nn{1 - number}"]
        if other_runs:
            self._administer("-transitionToStandby", names[1])
        # Hadoop cannot ask a killed NameNode for its state.
        force = () if other_runs else ("--forceactive",)
        self._administer("-transitionToActive", *force, names[0])
        wait_until(lambda: _writable(self.addresses[number], self.user), {})

    def kill(self, number: int) -> None:
        """Kill a NameNode."""
        self.namenodes[number].close()

    def _administer(self, *arguments: str) -> None:
        program = [*self.command, "org.apache.hadoop.hdfs.tools.DFSHAAdmin"]
        call([*program, *arguments], cwd=self.folder)


@contextmanager
def high_availability(folder: Path) -> Iterator[PairOfNameNodes]:
    """Run a DataNode and two NameNodes, whose edits are in a shared folder, until the block ends.

    Raises:
        Missing: Java or the jars are not available.
        Broken: a server does not start.
    """
    programs, user = hadoop_jars.ready(), getpass.getuser()
    names = ("data_http", "data_https", "data", "data_rpc", "http0", "http1", "rpc0", "rpc1")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    service: dict[str, object] = {
        "dfs.nameservices": "pair",
        "dfs.ha.namenodes.pair": "nn0,nn1",
        "dfs.namenode.shared.edits.dir": f"file://{folder}/edits",
        "dfs.client.failover.proxy.provider.pair": "org.apache.hadoop.hdfs.server.namenode.ha."
        "ConfiguredFailoverProxyProvider",
        "dfs.ha.fencing.methods": "shell(true)",
        "dfs.ha.tail-edits.period": "1s",
        "dfs.ha.log-roll.period": "2s",
        "dfs.http.policy": "HTTP_ONLY",
    }
    for number in range(2):
        service[f"dfs.namenode.http-address.pair.nn{number}"] = addresses[f"http{number}"]
        service[f"dfs.namenode.rpc-address.pair.nn{number}"] = addresses[f"rpc{number}"]
    for number in range(2):
        here = folder / f"nn{number}"
        here.mkdir()
        shutil.copytree(programs / "name", here / "name")
        configure(
            here,
            programs,
            {**addresses, "http": addresses[f"http{number}"], "https": "", "rpc": "pair"},
            user,
            core={"fs.defaultFS": "hdfs://pair"},
            hdfs={**service, "dfs.ha.namenode.id": f"nn{number}"},
        )
    java = [hadoop_jars.command(programs, folder / f"nn{number}" / "conf") for number in range(2)]
    program = f"{_PACKAGE}.namenode.NameNode"
    call([*java[0], program, "-initializeSharedEdits", "-force"], cwd=folder)
    with ExitStack() as stack:
        namenodes, processes = [], {}
        for number in range(2):
            namenodes.append(stack.enter_context(ExitStack()))
            log = folder / f"namenode{number}.log"
            processes[log] = namenodes[number].enter_context(
                running([*java[number], program], log, cwd=folder)
            )
        log = folder / "datanode.log"
        datanode = [*java[0], f"{_PACKAGE}.datanode.DataNode"]
        processes[log] = stack.enter_context(running(datanode, log, cwd=folder))
        urls = [f"http://{addresses[f'http{number}']}" for number in range(2)]
        wait_until(lambda: all(map(_has_datanode, urls)), processes)
        pair = PairOfNameNodes(urls, user, java[0], folder, namenodes)
        pair.activate(0)
        yield pair


def _has_datanode(address: str) -> bool:
    return _state(address).get("NumLiveDataNodes") == 1


def _writable(address: str, user: str) -> bool:
    """Return whether a NameNode is active and out of safe mode."""
    server = urlsplit(address)
    assert server.hostname is not None
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=5)
    try:
        connection.request("PUT", f"/webhdfs/v1/?op=MKDIRS&user.name={user}")
        return connection.getresponse().status == 200
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()


def _ready(server: Server) -> bool:
    state = _state(server.namenode)
    return state.get("NumLiveDataNodes") == 1 and state.get("FSState") == "Operational"


def _state(namenode: str) -> dict[str, object]:
    """Return the state of a NameNode; empty if it does not respond."""
    address = urlsplit(namenode)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
    try:
        connection.request("GET", "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState")
        beans = json.loads(connection.getresponse().read())["beans"]
    except (http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return dict(beans[0]) if beans else {}


def configure(
    folder: Path,
    programs: Path,
    addresses: dict[str, str],
    user: str,
    *,
    core: Mapping[str, object] | None = None,
    hdfs: Mapping[str, object] | None = None,
) -> None:
    """Write the configuration of NameNode and DataNode.

    Args:
        addresses: host and port by the names in `cluster`.
        core, hdfs: further properties of core-site.xml and hdfs-site.xml.
    """
    configuration = folder / "conf"
    for web in ("hdfs", "datanode", "static"):
        (configuration / "webapps" / web).mkdir(parents=True)
    _properties(
        configuration / "core-site.xml",
        {
            "fs.defaultFS": f"hdfs://{addresses['rpc']}",
            "hadoop.tmp.dir": folder / "tmp",
            "hadoop.http.staticuser.user": user,
            # The DataNode requires client certificates because of this property, the NameNode
            # because of dfs.client.https.need-auth.
            "hadoop.ssl.require.client.cert": "true",
            # Otherwise Hadoop starts a process of the command id for every new user.
            "hadoop.user.group.static.mapping.overrides": f"{user}=supergroup;{VISITOR}=visitors",
            "fs.trash.interval": 0,
            **(core or {}),
        },
    )
    _properties(
        configuration / "hdfs-site.xml",
        {
            "dfs.replication": 1,
            "dfs.blocksize": BLOCK,
            "dfs.ls.limit": PAGE,
            "dfs.permissions.enabled": "true",
            "dfs.namenode.name.dir": f"file://{folder}/name",
            "dfs.datanode.data.dir": f"file://{folder}/data",
            "dfs.http.policy": "HTTP_AND_HTTPS",
            "dfs.client.https.need-auth": "true",
            "dfs.namenode.http-address": addresses["http"],
            "dfs.namenode.https-address": addresses["https"],
            "dfs.datanode.http.address": addresses["data_http"],
            "dfs.datanode.https.address": addresses["data_https"],
            "dfs.datanode.address": addresses["data"],
            "dfs.datanode.ipc.address": addresses["data_rpc"],
            "dfs.datanode.hostname": "localhost",
            "dfs.namenode.datanode.registration.ip-hostname-check": "false",
            "dfs.namenode.safemode.extension": 0,
            # Otherwise every small write takes a fifth of a second longer.
            "dfs.client.block.write.locateFollowingBlock.initial.delay.ms": 5,
            **(hdfs or {}),
        },
    )
    stores = {"keystore": "server.p12", "truststore": "trust.p12"}
    properties: dict[str, object] = {"ssl.server.keystore.keypassword": hadoop_jars.PASSWORD}
    for store, file in stores.items():
        properties[f"ssl.server.{store}.type"] = "PKCS12"
        properties[f"ssl.server.{store}.location"] = programs / "tls" / file
        properties[f"ssl.server.{store}.password"] = hadoop_jars.PASSWORD
    _properties(configuration / "ssl-server.xml", properties)
    (configuration / "log4j.properties").write_text(
        "log4j.rootLogger=WARN,c\n"
        "log4j.appender.c=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.c.target=System.err\n"
        "log4j.appender.c.layout=org.apache.log4j.PatternLayout\n"
        "log4j.appender.c.layout.ConversionPattern=%d %p %c{2}: %m%n\n"
    )


def _properties(file: Path, values: dict[str, object]) -> None:
    lines = [
        f"<property><name>{name}</name><value>{escape(str(value))}</value></property>"
        for name, value in values.items()
    ]
    file.write_text("\n".join(["<configuration>", *lines, "</configuration>", ""]))


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{hadoop_jars.ready()}\n")
    except Missing as missing:
        sys.exit(str(missing))
