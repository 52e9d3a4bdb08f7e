"""A small client for ``launchpad log``, because scripts call that command for every step.

It runs with or without the package: ``launchpad`` calls `log` before anything else is imported, and
inside executions this file is run as a script, by an interpreter that does not search for packages.
It imports only modules that are part of the interpreter, which takes less time than its start.

It does only what is usual: metrics, tags and custom info for the tracking endpoint of an execution
of this machine. For anything else, such as other arguments or an endpoint that does not respond,
it does nothing, and the complete command runs, which reports errors.
"""

from __future__ import annotations

import _socket
import posix
import sys

try:
    from _json import encode_basestring_ascii as _text
except ImportError:
    from json.encoder import py_encode_basestring_ascii as _text

#: limits of the AI API for names, labels, and entries of one request
_NAME, _ENTRIES, _LABELS = 256, 100, 20
#: the largest step that the registry stores
_STEP = 2**63 - 1
#: seconds to wait for the endpoint
_SECONDS = 60
_HOST = b"127.0.0.1:"


def log(arguments: list[str]) -> bool:
    """Log metrics, tags and custom info.

    Args:
        arguments: the arguments of ``launchpad log``.

    Returns:
        Whether they are stored. If not, nothing was sent or it was not acknowledged: the complete
        command has to be run.
    """
    endpoint = posix.environ.get(b"AICORE_TRACKING_ENDPOINT", b"")
    execution = posix.environ.get(b"AICORE_EXECUTION_ID", b"")
    if not endpoint.startswith(b"http://" + _HOST) or not execution:
        return False
    try:
        body = _body(arguments, execution.decode())
        return body is not None and _send(endpoint, body)
    except (OSError, ValueError):
        return False


def _body(arguments: list[str], execution: str) -> bytes | None:
    """Return the body of the request; None if the complete command has to be run."""
    found: dict[str, dict[str, str]] = {"": {}, "--label": {}, "--tag": {}, "--info": {}}
    step = 0
    given = iter(arguments)
    for argument in given:
        if argument.startswith("-"):
            option, equals, text = argument.partition("=")
            if not equals:
                text = next(given, "")
            if option == "--step":
                step = int(text)
                continue
            if option not in found or text.startswith("-"):
                return None
        else:
            option, text = "", argument
        name, equals, value = text.partition("=")
        if not equals or not name or len(name) > _NAME or (not value and option):
            return None
        found[option][name] = value
    metrics, labels = found[""], found["--label"]
    if not 0 <= step <= _STEP or len(labels) > _LABELS or not any(found.values()):
        return None
    if max(len(metrics), len(found["--tag"]), len(found["--info"])) > _ENTRIES:
        return None
    tail = f',"step":{step},"labels":{_pairs(labels)}}}'
    points = ",".join(
        f'{{"name":{_text(name)},"value":{_number(value)}{tail}' for name, value in metrics.items()
    )
    return (
        f'{{"executionId":{_text(execution)},"metrics":[{points}],'
        f'"tags":{_pairs(found["--tag"])},"customInfo":{_pairs(found["--info"])}}}'
    ).encode()


def _pairs(pairs: dict[str, str]) -> str:
    texts = [f'{{"name":{_text(name)},"value":{_text(value)}}}' for name, value in pairs.items()]
    return f"[{','.join(texts)}]"


def _number(text: str) -> str:
    """Return a number as the endpoint reads it. Raises ValueError."""
    shown = repr(float(text))
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(shown, shown)


def _send(endpoint: bytes, body: bytes) -> bool:
    """Send a request; return whether the endpoint has stored it."""
    place, _, path = endpoint[len(b"http://") :].partition(b"/")
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.settimeout(_SECONDS)
        connection.connect(("127.0.0.1", int(place[len(_HOST) :])))
        connection.sendall(
            b"PATCH /%s/api/v1/metrics HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n"
            % (path.rstrip(b"/"), place, len(body))
            + body
        )
        return connection.recv(12).startswith(b"HTTP/1.1 2")
    finally:
        connection.close()


def main() -> None:
    """Log the arguments, or replace this process by the complete command.

    The arguments are the interpreter of the complete command and those of ``launchpad log``.
    """
    own, *arguments = sys.argv[1:]
    if not log(arguments):
        posix.execv(own, [own, "-P", "-m", "launchpad_tui", "log", *arguments])


if __name__ == "__main__":
    main()
