"""A limit of the number of values in a body, because each takes much more memory than its text."""

from __future__ import annotations

import re

from launchpad_tui.aiapi.errors import LimitExceeded

#: maximum number of values in a body. The largest requests of the API have fewer than 100,000: 1000
#: metrics with 20 labels each, or 1000 parameters.
VALUES_LIMIT = 1_000_000
_TOKEN = re.compile(rb'"[^"]*"?|[\[{,]')


def require_few_values(body: bytes) -> None:
    """Check the number of values in JSON before it is parsed.

    Raises:
        LimitExceeded: there are more than `VALUES_LIMIT`.
        ValueError: the body is not encoded as UTF-8.
    """
    if len(body) <= VALUES_LIMIT:
        return
    if b"\0" in body:
        # It is UTF-16 or UTF-32, in which the bytes of other characters look like quotation marks.
        raise ValueError("the text contains a null byte")
    text = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    for number, _ in enumerate(_TOKEN.finditer(text)):
        if number >= VALUES_LIMIT:
            raise LimitExceeded(
                "The body has too many values",
                f"The maximum is {VALUES_LIMIT:,}.",
                "Send several requests.",
                field="body",
            )
