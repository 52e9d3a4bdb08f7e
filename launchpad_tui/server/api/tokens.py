"""Access tokens: random, opaque, kept in memory only, as hashes. A restarted server knows none."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from launchpad_tui.domain.api_client import ApiClient

#: Seconds for which a token is valid: more than an hour, because SAP's SDK requests a new token
#: when less than an hour is left.
LIFETIME = 43199
#: maximum number of tokens; the oldest are dropped
_TOKENS_LIMIT = 10_000


class IssuedTokens:
    """The access tokens that were issued. Thread-safe.

    Args:
        find_client: returns the client with an ID; None if it was deleted, which invalidates its
            tokens.
        clock: monotonic seconds; replaced in tests.
    """

    def __init__(
        self,
        find_client: Callable[[str], ApiClient | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_client = find_client
        self._clock = clock
        self._lock = threading.Lock()
        #: client ID and expiry by the token's hash, oldest first
        self._issued: dict[bytes, tuple[str, float]] = {}

    def issue(self, client: ApiClient) -> str:
        """Return a new token of a client."""
        token = secrets.token_urlsafe(32)
        at = self._clock()
        with self._lock:
            for key, (_, expiry) in list(self._issued.items()):
                if expiry > at and len(self._issued) < _TOKENS_LIMIT:
                    break
                del self._issued[key]
            self._issued[_hash(token)] = (client.id, at + LIFETIME)
        return token

    def client(self, token: str) -> ApiClient | None:
        """Return the client of a token; None if the token is unknown or expired."""
        # Looking up the hash keeps the duration independent of how much of a guess is right.
        found = self._issued.get(_hash(token))
        if found is None or found[1] <= self._clock():
            return None
        return self._find_client(found[0])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
