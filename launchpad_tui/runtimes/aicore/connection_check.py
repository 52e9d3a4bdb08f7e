"""A check of a connection to SAP AI Core step by step, so that a user learns why it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from urllib.parse import urlsplit

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import (
    CapabilityMissing,
    LaunchpadError,
    NotFound,
    PermissionDenied,
    RuntimeRejected,
)
from launchpad_tui.net.server_check import ServerAddress, check_server, is_loopback
from launchpad_tui.net.timeouts import within
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime

#: seconds that the runtime has for each request
_REQUEST_SECONDS = 45.0


class ApiCheckPart(StrEnum):
    """The parts that can fail in addition to those of `CheckPart`."""

    TOKEN = "token"
    API = "API"
    GROUP = "group"


def check_connection(runtime: AICoreRuntime, resource_group: str = "") -> Iterator[CheckStep]:
    """Check a connection part by part, up to the first failure: settings; name, network and TLS of
    the token server; the token; the same of the API server; the API; the resource group.

    Args:
        resource_group: empty for the one in the credentials, or else ``default``.
    """
    try:
        client = runtime.client(resource_group)
    except LaunchpadError as error:
        yield CheckStep(CheckPart.SETTINGS, error.title, error)
        return
    try:
        for step in _steps(client, runtime.ca_file):
            yield step
            if step.error is not None:
                return
    finally:
        client.close()


def _steps(client: AICoreClient, ca_file: str) -> Iterator[CheckStep]:
    key = client.key
    way = "client secret" if key.client_secret else "certificate"
    yield CheckStep(
        CheckPart.SETTINGS,
        f"complete, from {key.source or 'the connection'}, authentication by {way}",
    )
    yield from _server(key.auth_url, ca_file, key.certificate, key.private_key)
    yield _request(
        ApiCheckPart.TOKEN, lambda: f"issued to {key.client_id}" if client.http.tokens.get() else ""
    )
    if urlsplit(key.base_url)[:2] != urlsplit(key.auth_url)[:2]:
        yield from _server(key.base_url, ca_file)
    yield _request(ApiCheckPart.API, lambda: _api(client))
    yield _request(ApiCheckPart.GROUP, lambda: _group(client))


def _server(
    url: str, ca_file: str, certificate: str = "", private_key: str = ""
) -> Iterator[CheckStep]:
    from launchpad_tui.net.tls import create_context

    parts = urlsplit(url)
    tls = parts.scheme == "https"
    yield from check_server(
        ServerAddress(
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
        stays = "a loopback address of this machine"
        read = "requests are sent unencrypted"
        yield CheckStep(
            CheckPart.TLS,
            f"none for {parts.hostname}: {stays if is_loopback(parts.hostname or '') else read}",
        )


def _request(part: ApiCheckPart, ask: Callable[[], str]) -> CheckStep:
    try:
        return CheckStep(part, within(_REQUEST_SECONDS, ask))
    except LaunchpadError as error:
        return CheckStep(part, error.title, error)


def _api(client: AICoreClient) -> str:
    try:
        meta = client.meta()
    except NotFound:
        try:
            count = sum(1 for _ in client.scenarios())
        except NotFound as error:
            raise NotFound(
                f"No AI API at {client.key.base_url}",
                error.detail,
                "Check the AI API URL of the connection (base_url): serviceurls.AI_API_URL of the "
                "key, which may end in /v2.",
            ) from error
        return f"answers without metadata; it has {count} scenarios"
    missing = [
        name for name, has in (("executions", meta.executions), ("logs", meta.logs)) if not has
    ]
    version = f"AI API {meta.api_version}" if meta.api_version else "an AI API"
    return f"{meta.runtime or 'the runtime'} provides {version}" + (
        f", without {' and '.join(missing)}" if missing else ""
    )


def _group(client: AICoreClient) -> str:
    name = client.resource_group
    try:
        groups = {each.name: each for each in client.resource_groups()}
    except (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected):
        # Listing resource groups may be forbidden; reading the group itself proves access too.
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
