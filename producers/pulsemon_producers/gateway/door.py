"""Who may come in, and how much of it: what every request that writes goes through first."""

import time
from collections.abc import Callable

from starlette.requests import Request

from pulsemon_producers.gateway.credentials import check_query, key_text
from pulsemon_producers.gateway.keyring import Keyring, Principal
from pulsemon_producers.gateway.problems import RATE_LIMITED, Kind, Problem
from pulsemon_producers.gateway.token_bucket import Buckets


class Door:
    """Keys and rates of one gateway; ``now_ms`` is the time of this host, by which keys expire."""

    def __init__(self, keyring: Keyring, buckets: Buckets, now_ms: Callable[[], int]) -> None:
        self._keyring = keyring
        self._buckets = buckets
        self._now_ms = now_ms

    def enter(self, request: Request, scope: str, limited: Kind = RATE_LIMITED) -> Principal:
        """Who sends this. Raises Problem: no good key, a key in the address, or one that has sent too much."""
        if request.url.query:
            check_query(request.query_params.multi_items())
        principal = self._keyring.principal(key_text(request.headers.get("authorization", "")), scope, self._now_ms())
        wait_seconds = self._buckets.of(principal.key_id, time.monotonic()).wait_seconds
        if wait_seconds:
            raise Problem(
                limited,
                f"This key sends more samples than it may ({self._buckets.policy}); nothing was written.",
                retry_after_seconds=wait_seconds,
                headers=self.rate_headers(principal),
            )
        return principal

    def charge(self, principal: Principal, samples: int) -> None:
        """Takes what a request sends from its key's bucket; an empty request is one sample."""
        self._buckets.of(principal.key_id, time.monotonic()).take(max(1, samples))

    def rate_headers(self, principal: Principal) -> dict[str, str]:
        """What is left to the key."""
        bucket = self._buckets.of(principal.key_id, time.monotonic())
        return {"RateLimit": self._buckets.state(bucket), "RateLimit-Policy": self._buckets.policy}
