"""Commands that serve the AI API of this machine and manage the clients that may call it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import integer
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.cli.table import NAME
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.api_client import ApiClient

_HOST, _PORT = "127.0.0.1", 7070


def _serve(context: CommandContext, options: argparse.Namespace) -> None:
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
            "note: no client can call this server yet. To add one: launchpad serve clients add NAME"
        )
    serve(desk, address, lambda url: _print_address(context, url))


def _print_address(context: CommandContext, url: str) -> None:
    clients = context.desk.clients.list()
    one = clients[0] if len(clients) == 1 else None
    variables = {
        "AICORE_BASE_URL": f"{url}/v2",
        "AICORE_AUTH_URL": f"{url}/oauth/token",
        "AICORE_CLIENT_ID": one.id if one else "",
        "AICORE_CLIENT_SECRET": "",
        "AICORE_RESOURCE_GROUP": (one.group if one else "") or "default",
    }
    if context.structured:
        data = {"url": url, "baseUrl": f"{url}/v2", "environment": variables}
        if context.output == "json":
            from launchpad_tui.cli.output import json_text

            # A line of its own, which programs read while the server runs.
            print(json_text(data), flush=True)
        else:
            context.print_data(data)
            sys.stdout.flush()
        return
    print(f"Serving the AI API at {url}/v2", flush=True)
    if not context.quiet:
        placeholders = {
            "AICORE_CLIENT_ID": "<client ID>",
            "AICORE_CLIENT_SECRET": "<client secret>",
        }
        lines = [
            f"  export {name}={safe_text(value or placeholders[name])}"
            for name, value in variables.items()
        ]
        print(
            *lines,
            "Press Ctrl+C to stop the server. Running executions continue.",
            sep="\n",
            flush=True,
        )


def _client_json(one: ApiClient) -> dict[str, Any]:
    return {
        "name": one.name,
        "clientId": one.id,
        "resourceGroup": one.group or None,
        "createdAt": rfc3339(one.created_at),
    }


def _add(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.services.clients import service_key

    one, secret = context.desk.clients.add(
        options.name, options.client_group or options.group or ""
    )
    if context.structured:
        context.print_data(service_key(one, secret, options.url))
        return
    if context.quiet and context.output == "name":
        context.line(secret)
        return
    context.resource(
        _client_json(one),
        [
            ("client ID", one.id),
            ("client secret", secret),
            ("resource group", one.group or "all"),
        ],
    )
    context.note(
        "The secret is not stored and is shown only once. With --json a service key is printed."
    )


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.clients.list(),
        _client_json,
        (NAME, "CLIENT ID", "GROUP", "CREATED"),
        lambda one: (one.name, one.id, one.group or "all", context.time(one.created_at)),
    )


def _delete(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.clients.delete(options.name)
    context.done(f"Deleted client {options.name} and revoked its tokens.", id=options.name)


COMMANDS = (
    Command(
        ("serve",),
        COMMAND_GROUPS["serve"].help,
        (
            "launchpad serve",
            "launchpad serve --port 0 --json",
            "launchpad serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
        ),
        _serve,
        (
            argument(
                "--host",
                default=_HOST,
                metavar="HOST",
                help=f"Address to listen on (default: {_HOST})",
            ),
            argument(
                "--port",
                type=integer,
                default=_PORT,
                metavar="N",
                help=f"Port (default: {_PORT}); 0 selects a free port",
            ),
            argument(
                "--tls-cert",
                metavar="FILE",
                help="TLS certificate in PEM format",
                completes="files",
            ),
            argument(
                "--tls-key",
                metavar="FILE",
                help="Private key of the TLS certificate in PEM format",
                completes="files",
            ),
            argument(
                "--insecure-http", action="store_true", help="Allow plain HTTP from other machines"
            ),
        ),
        details="SAP's SDK, scripts and other installations of launchpad can call it.",
    ),
    Command(
        ("serve", "clients", "add"),
        "Add a client that may call the AI API",
        (
            "launchpad serve clients add notebook",
            "launchpad serve clients add gpu --json > key.json",
            "launchpad serve clients add vision --group vision",
        ),
        _add,
        (
            argument("name", help="Name: lower-case letters, digits, '-' and '.'"),
            argument(
                "--group",
                dest="client_group",
                metavar="NAME",
                completes="groups",
                help="Only resource group that the client may use (default: all)",
            ),
            argument(
                "--url",
                default=f"http://{_HOST}:{_PORT}",
                metavar="URL",
                help=f"URL of the server in the service key (default: http://{_HOST}:{_PORT})",
            ),
        ),
        details="The client secret is shown only once. With --json a service key is printed.",
    ),
    Command(
        ("serve", "clients", "list"),
        "List the clients",
        ("launchpad serve clients list", "launchpad serve clients list --json"),
        _list,
    ),
    Command(
        ("serve", "clients", "delete"),
        "Delete a client and revoke its tokens",
        (
            "launchpad serve clients delete notebook",
            "launchpad serve clients delete notebook --quiet",
        ),
        _delete,
        (argument("name", help="Name of the client", completes="clients"),),
    ),
)
