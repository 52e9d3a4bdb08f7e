"""A front before the real HDFS of `hadoop` with the manners of SAP HANA Cloud data lake Files.

Our own, from its published description ("Data Lake Files REST API"): TLS that demands a client's certificate, a file
container's ID in a header of every request, one address for everything, content taken with ``data=true`` and with the
type application/octet-stream only. Where that says nothing, it is as HttpFS: no options of RENAME, which answers with a
boolean; and no LISTSTATUS_BATCH. Data lake Files itself was not reached; what is seen here is no proof of it.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.stores import certificates
from tests.stores.hadoop import Server
from tests.stores.serving import Handler, listening, server_context

#: the ID of the only file container
CONTAINER = "12d34ec6-6b72-4a18-ba0d-e04d62d125f4"
_CONTENT = {"APPEND", "CREATE"}


@contextmanager
def fronting(server: Server) -> Iterator[dict[str, str]]:
    """Run one until the block ends; gives the values of a store in it, but for its folder."""
    there = urlsplit(server.namenode)
    made = certificates.within(Path(server.ca_file).parent)

    class Front(Handler):
        def serve(self) -> None:
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query))
            op = query.get("op", "").upper()
            if self.headers.get("x-sap-filecontainer") != CONTAINER:
                self._refuse("missing header X-SAP-FileContainer")
            elif op == "LISTSTATUS_BATCH":
                self._refuse(f"{op} is not a valid GET operation.")
            elif op in _CONTENT and query.pop("data", "") != "true":
                own = f"https://{self.headers['host']}{self.path}&data=true"
                self.reply(307, b"", {"Location": own})
            elif op in _CONTENT and self.headers.get("content-type") != "application/octet-stream":
                self._refuse(
                    "Data upload requests must have content-type set to 'application/octet-stream'"
                )
            else:
                query.pop("renameoptions", None)
                query["user.name"] = server.user
                self.reply(
                    *_ask(
                        self.command,
                        f"{there.netloc}",
                        f"{asked.path}?{urlencode(query)}",
                        self.body(),
                    )
                )

        def _refuse(self, message: str) -> None:
            name = "IllegalArgumentException"
            told = {"exception": name, "javaClassName": f"java.lang.{name}", "message": message}
            self.reply(
                400,
                json.dumps({"RemoteException": told}).encode(),
                {"Content-Type": "application/json"},
            )

    with listening(Front, server_context(made, demand_client=True)) as port:
        yield {
            "namenode": f"https://localhost:{port}",
            "ca_file": server.ca_file,
            "client_cert": server.client_certificate,
            "client_key": server.client_key,
            "headers": json.dumps({"X-SAP-FileContainer": CONTAINER}),
        }


def _ask(method: str, server: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
    """Ask the real HDFS, going where it sends us; the body goes there alone."""
    for content in (b"", body):
        host, _, port = server.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            connection.request(method, path, content, {"Content-Type": "application/octet-stream"})
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        location = urlsplit(answer.getheader("Location") or "")
        if answer.status != 307:
            break
        server, path = location.netloc, f"{location.path}?{location.query}"
    return (
        answer.status,
        found,
        {"Content-Type": answer.getheader("Content-Type") or "application/json"},
    )
