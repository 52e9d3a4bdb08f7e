"""Access tokens: random, opaque, in memory only, and there only as hashes. A server that starts anew knows none."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from launchpad_tui.domain.api_client import ApiClient

#: seconds that a token is good for. SAP's SDK fetches a new one when under an hour is left, so it has to be more.
LIFETIME = 43199
#: tokens that are kept; beyond, the oldest go
_MOST = 10_000


class Tokens:
    """The tokens given. Safe for threads.

    Args:
        known: the client with an ID, None where it was deleted: its tokens are worth nothing then.
        clock: seconds that only grow; for tests.
    """

    def __init__(
        self, known: Callable[[str], ApiClient | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._known = known
        self._clock = clock
        self._lock = threading.Lock()
        #: client ID and end by the token's hash, oldest first
        self._given: dict[bytes, tuple[str, float]] = {}

    def give(self, client: ApiClient) -> str:
        """A new token of the client."""
        token = secrets.token_urlsafe(32)
        at = self._clock()
        with self._lock:
            for key, (_, end) in list(self._given.items()):
                if end > at and len(self._given) < _MOST:
                    break
                del self._given[key]
            self._given[_hashed(token)] = (client.id, at + LIFETIME)
        return token

    def client(self, token: str) -> ApiClient | None:
        """Whose token it is; None where it is nobody's, or too old."""
        # Looked up by its hash, so that how long it takes says nothing of how much of a guess was right.
        found = self._given.get(_hashed(token))
        if found is None or found[1] <= self._clock():
            return None
        return self._known(found[0])


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
