"""A look at SAP AI Core step by step, so that somebody whose connection does not work learns what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launchpad_tui.domain.connection import LOCAL, Connection, ConnectionKind
from launchpad_tui.errors import (
    CapabilityMissing,
    LaunchpadError,
    NotFound,
    PermissionDenied,
    RuntimeRejected,
)
from launchpad_tui.services.probing import Step, StepName, is_loopback, reach
from launchpad_tui.services.timeouts import within
from launchpad_tui.stores.base import Endpoint

if TYPE_CHECKING:
    from launchpad_tui.runtimes.aicore.client import AICoreClient
    from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime

#: seconds for what the runtime is asked
_ASK = 45.0


class Part(StrEnum):
    """The parts beside those of `StepName` that can be wrong."""

    TOKEN = "token"
    API = "API"
    GROUP = "group"


def test(
    connection: Connection,
    kind: ConnectionKind,
    secrets: Mapping[str, str],
    resource_group: str,
    tell: Callable[[Step], None],
) -> bool:
    """Look at a connection of any kind; whether all is right.

    Args:
        resource_group: empty: what the credentials name, else ``default``.
        tell: told each step when it is over.

    Raises:
        CapabilityMissing: this version cannot connect to the kind.
    """
    if not kind.connectable:
        raise CapabilityMissing(f"{kind.title} cannot be connected to", kind.reason)
    if connection.kind == LOCAL:
        tell(Step(StepName.SETTINGS, "this machine: there is nothing to reach"))
        return True
    from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime

    right = True
    for step in probe(AICoreRuntime(connection.settings, secrets), resource_group):
        tell(step)
        right = right and step.error is None
    return right


def probe(runtime: AICoreRuntime, resource_group: str = "") -> Iterator[Step]:
    """Look at a connection part by part, up to the first that is wrong: settings; name, network and TLS of the token
    server; the token; the same of the API's server; the API; the resource group.

    Args:
        resource_group: empty: what the credentials name, else ``default``.
    """
    try:
        client = runtime.client(resource_group)
    except LaunchpadError as error:
        yield Step(StepName.SETTINGS, error.title, error)
        return
    try:
        for step in _steps(client, runtime.ca_file):
            yield step
            if step.error is not None:
                return
    finally:
        client.close()


def _steps(client: AICoreClient, ca_file: str) -> Iterator[Step]:
    key = client.key
    way = "client secret" if key.client_secret else "certificate"
    yield Step(StepName.SETTINGS, f"complete, from {key.source or 'the connection'}, by {way}")
    yield from _server(key.auth_url, ca_file, key.certificate, key.private_key)
    yield _asked(
        Part.TOKEN, lambda: f"given to {key.client_id}" if client.http.tokens.get() else ""
    )
    if urlsplit(key.base_url)[:2] != urlsplit(key.auth_url)[:2]:
        yield from _server(key.base_url, ca_file)
    yield _asked(Part.API, lambda: _api(client))
    yield _asked(Part.GROUP, lambda: _group(client))


def _server(url: str, ca_file: str, certificate: str = "", private_key: str = "") -> Iterator[Step]:
    from launchpad_tui.net.tls import create_context

    parts = urlsplit(url)
    tls = parts.scheme == "https"
    yield from reach(
        Endpoint(
            parts.hostname or "",
            parts.port or (443 if tls else 80),
            tls,
            ca_file=ca_file,
            context=lambda: create_context(
                ca_file, environment=True, certificate=certificate, private_key=private_key
            ),
        )
    )
    if not tls:
        stays = "it is this machine, or a tunnel from it"
        read = "what is sent can be read on its way"
        yield Step(
            StepName.TLS,
            f"none for {parts.hostname}: {stays if is_loopback(parts.hostname or '') else read}",
        )


def _asked(part: Part, ask: Callable[[], str]) -> Step:
    try:
        return Step(part, within(_ASK, ask))
    except LaunchpadError as error:
        return Step(part, error.title, error)


def _api(client: AICoreClient) -> str:
    try:
        meta = client.meta()
    except NotFound:
        return f"answers; it says nothing of itself, and has {sum(1 for _ in client.scenarios())} scenarios"
    lacks = [
        name for name, has in (("executions", meta.executions), ("logs", meta.logs)) if not has
    ]
    version = f"AI API {meta.api_version}" if meta.api_version else "an AI API"
    return f"{meta.runtime or 'it'} offers {version}" + (
        f", without {' and '.join(lacks)}" if lacks else ""
    )


def _group(client: AICoreClient) -> str:
    name = client.resource_group
    try:
        groups = {each.name: each for each in client.resource_groups()}
    except (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected):
        # Not everybody may list them; what is in the group says as much.
        return f"{name} answers, with {_artifacts(client)}"
    if name not in groups:
        known = ", ".join(sorted(groups)[:20]) or "none"
        raise NotFound(f"There is no resource group {name!r}", "", f"There are: {known}.")
    status = groups[name].status
    if status == "ERROR":
        raise RuntimeRejected(
            f"The resource group {name} is in the status {status}", "", "Ask its administrator."
        )
    return f"{name} is {status}, with {_artifacts(client)}"


def _artifacts(client: AICoreClient) -> str:
    count = client.count_artifacts()
    return f"{count:,} artifact{'s' * (count != 1)}"
