"""``launchpad serve``: the AI API of this machine, and the clients that may call it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import WORDS, Command, arg
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.api_client import ApiClient

_HOST, _PORT = "127.0.0.1", 7070


def _serve(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.server.api.process import ListenAddress, require_packages, serve

    require_packages()
    desk = context.desk
    certificate, key = (
        None if each is None else Path(each).expanduser()
        for each in (options.tls_cert, options.tls_key)
    )
    address = ListenAddress(options.host, options.port, certificate, key, options.insecure_http)
    if not desk.clients.list():
        context.note(
            "note: nobody can call this server yet; add a client: launchpad serve clients add NAME"
        )
    serve(desk, address, lambda url: _ready(context, url))


def _ready(context: Context, url: str) -> None:
    clients = context.desk.clients.list()
    one = clients[0] if len(clients) == 1 else None
    variables = {
        "AICORE_BASE_URL": f"{url}/v2",
        "AICORE_AUTH_URL": f"{url}/oauth/token",
        "AICORE_CLIENT_ID": one.id if one else "",
        "AICORE_CLIENT_SECRET": "",
        "AICORE_RESOURCE_GROUP": (one.group if one else "") or "default",
    }
    if context.json:
        from launchpad_tui.cli.output import json_text

        print(json_text({"url": url, "baseUrl": f"{url}/v2", "environment": variables}), flush=True)
        return
    print(f"launchpad serves {url}/v2", flush=True)
    if not context.quiet:
        told = {"AICORE_CLIENT_ID": "<client ID>", "AICORE_CLIENT_SECRET": "<client secret>"}
        lines = [
            f"  export {name}={safe_text(value or told[name])}" for name, value in variables.items()
        ]
        print(*lines, "ctrl+c ends it; executions go on.", sep="\n", flush=True)


def _shape(one: ApiClient) -> dict[str, Any]:
    return {
        "name": one.name,
        "clientId": one.id,
        "resourceGroup": one.group or None,
        "createdAt": rfc3339(one.created_at),
    }


def _add(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.services.clients import service_key

    one, secret = context.desk.clients.add(options.name, options.bound or options.group or "")
    if context.json:
        context.print_json(service_key(one, secret, options.url))
        return
    if context.quiet:
        context.line(secret)
        return
    context.resource(
        {},
        [
            ("client ID", one.id),
            ("client secret", secret),
            ("resource group", one.group or "all"),
        ],
    )
    context.note(
        "The secret is kept nowhere: it is shown this once. With --json the same is a service key."
    )


def _list(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.clients.list(),
        _shape,
        ("NAME", "CLIENT ID", "GROUP", "CREATED"),
        lambda one: (one.name, one.id, one.group or "all", rfc3339(one.created_at) or ""),
    )


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.clients.delete(options.name)
    context.done(f"Deleted client {options.name}; its tokens are worth nothing.", id=options.name)


COMMANDS = (
    Command(
        ("serve",),
        WORDS["serve"].help,
        (
            "launchpad serve",
            "launchpad serve --port 0 --json",
            "launchpad serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
        ),
        _serve,
        (
            arg(
                "--host",
                default=_HOST,
                metavar="HOST",
                help=f"the address to listen at (default: {_HOST})",
            ),
            arg(
                "--port",
                type=int,
                default=_PORT,
                metavar="N",
                help=f"the port (default: {_PORT}); 0: any free one",
            ),
            arg("--tls-cert", metavar="FILE", help="certificate for TLS, PEM", completes="files"),
            arg("--tls-key", metavar="FILE", help="its key, PEM", completes="files"),
            arg("--insecure-http", action="store_true", help="let plain HTTP leave this machine"),
        ),
    ),
    Command(
        ("serve", "clients", "add"),
        "add a client that may call the AI API; its secret is shown this once",
        (
            "launchpad serve clients add notebook",
            "launchpad serve clients add gpu --json > key.json",
            "launchpad serve clients add vision --group vision",
        ),
        _add,
        (
            arg("name", help="its name: lower-case letters, digits, '-' and '.'"),
            arg(
                "--group",
                dest="bound",
                metavar="NAME",
                completes="groups",
                help="the only resource group that it may use (default: all)",
            ),
            arg(
                "--url",
                default=f"http://{_HOST}:{_PORT}",
                metavar="URL",
                help=f"where the server is reached, for the service key (default: http://{_HOST}:{_PORT})",
            ),
        ),
    ),
    Command(
        ("serve", "clients", "list"),
        "list the clients",
        ("launchpad serve clients list", "launchpad serve clients list --json"),
        _list,
    ),
    Command(
        ("serve", "clients", "delete"),
        "forget a client: its tokens are worth nothing at once",
        (
            "launchpad serve clients delete notebook",
            "launchpad serve clients delete notebook --quiet",
        ),
        _delete,
        (arg("name", help="the client"),),
    ),
)
