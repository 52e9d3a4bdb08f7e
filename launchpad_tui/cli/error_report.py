"""Report errors on standard error: as text, or as data with a code that never changes."""

from __future__ import annotations

import re
import sys
from typing import Any

from launchpad_tui.cli.formats import JSON, YAML
from launchpad_tui.errors import InvalidInput, LaunchpadError, RuntimeRejected

#: The code of an error that launchpad did not expect.
UNEXPECTED = "unexpected"
#: The maximum number of lines of a printed error, and of characters in a line: an error may quote
#: an argument or a response of any length.
_LINES_LIMIT, _LINE_LIMIT = 100, 1000


class InvalidUsage(InvalidInput):
    """The command line is invalid."""


def error_code(error: LaunchpadError) -> str:
    """Return the code of an error for programs, such as ``not-found`` for `NotFound`.

    The codes are part of the manual and do not change.
    """
    if type(error) is LaunchpadError:
        return "failed"
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def print_error(error: LaunchpadError, output_format: str, exit_code: int) -> None:
    """Print an error on standard error.

    In the formats ``json`` and ``yaml`` it is an object with the field ``error``, in JSON in one
    line.

    Args:
        error: The error.
        output_format: The format that the command line selects.
        exit_code: The exit code of the command.
    """
    from launchpad_tui.domain.credential_text import masked_message

    if output_format in {JSON, YAML}:
        print_error_data(
            {
                "code": error_code(error),
                "title": masked_message(error.title),
                "detail": masked_message(error.detail) or None,
                "hint": masked_message(error.hint) or None,
                **_details(error),
                "retryable": error.retryable,
                "exitCode": exit_code,
            },
            output_format,
        )
        return
    from launchpad_tui.domain.text import safe_lines, safe_text

    lines = safe_lines(masked_message(str(error)))
    shown = [safe_text(line, _LINE_LIMIT) for line in lines[:_LINES_LIMIT]]
    if len(lines) > len(shown):
        shown.append("…")
    print(f"launchpad: {shown[0]}", *shown[1:], sep="\n  ", file=sys.stderr)


def print_error_data(data: dict[str, Any], output_format: str) -> None:
    """Print the data of an error as JSON in one line, or as YAML."""
    from launchpad_tui.cli import output

    limit = _LINES_LIMIT * _LINE_LIMIT
    data = {key: value[:limit] if isinstance(value, str) else value for key, value in data.items()}
    if output_format == YAML:
        from launchpad_tui.cli.yaml_text import yaml_lines

        lines = yaml_lines(output.without_credentials({"error": data}))
        print(*lines, sep="\n", file=sys.stderr)
    else:
        print(output.json_text({"error": data}), file=sys.stderr)


def _details(error: LaunchpadError) -> dict[str, Any]:
    """Return what only some errors have."""
    found: dict[str, Any] = {}
    if isinstance(error, InvalidInput) and error.field:
        found["field"] = error.field
    if isinstance(error, RuntimeRejected):
        found["runtimeStatus"] = error.status or None
        found["runtimeCode"] = error.code or None
        found["requestId"] = error.request_id or None
    return found
