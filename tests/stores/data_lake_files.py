"""A simulation of SAP HANA Cloud data lake Files in front of the real HDFS of `hadoop`.

It follows the published description ("Data Lake Files REST API"): TLS with a required client
certificate, the ID of a file container in a header of every request, one address for all requests,
content only with ``data=true`` and the type application/octet-stream. Where the description is
silent, it behaves like HttpFS: RENAME has no options and returns a boolean, and there is no
LISTSTATUS_BATCH. The real service may behave differently.
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
from tests.stores.http_server import Handler, listening, server_context

#: the ID of the only file container
CONTAINER = "12d34ec6-6b72-4a18-ba0d-e04d62d125f4"
_CONTENT = {"APPEND", "CREATE"}


@contextmanager
def serve(server: Server) -> Iterator[dict[str, str]]:
    """Run the simulation until the block ends; yield the values of a store without its folder."""
    upstream = urlsplit(server.namenode)
    files = certificates.within(Path(server.ca_file).parent)

    class Front(Handler):
        def serve(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            op = query.get("op", "").upper()
            if self.headers.get("x-sap-filecontainer") != CONTAINER:
                self._reject("missing header X-SAP-FileContainer")
            elif op == "LISTSTATUS_BATCH":
                self._reject(f"{op} is not a valid GET operation.")
            elif op in _CONTENT and query.pop("data", "") != "true":
                own = f"https://{self.headers['host']}{self.path}&data=true"
                self.reply(307, b"", {"Location": own})
            elif op in _CONTENT and self.headers.get("content-type") != "application/octet-stream":
                self._reject(
                    "Data upload requests must have content-type set to 'application/octet-stream'"
                )
            else:
                query.pop("renameoptions", None)
                query["user.name"] = server.user
                self.reply(
                    *_forward(
                        self.command,
                        upstream.netloc,
                        f"{url.path}?{urlencode(query)}",
                        self.body(),
                    )
                )

        def _reject(self, message: str) -> None:
            name = "IllegalArgumentException"
            error = {"exception": name, "javaClassName": f"java.lang.{name}", "message": message}
            self.reply(
                400,
                json.dumps({"RemoteException": error}).encode(),
                {"Content-Type": "application/json"},
            )

    with listening(Front, server_context(files, demand_client=True)) as port:
        yield {
            "namenode": f"https://localhost:{port}",
            "ca_file": server.ca_file,
            "client_cert": server.client_certificate,
            "client_key": server.client_key,
            "headers": json.dumps({"X-SAP-FileContainer": CONTAINER}),
        }


def _forward(method: str, server: str, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
    """Send a request to the real HDFS and follow its redirect, to which the body is sent."""
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
