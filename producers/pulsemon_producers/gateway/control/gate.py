"""What every request to the control API goes through: who asks, and the body that was sent."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from pulsemon_producers.gateway.control.json_body import read_object
from pulsemon_producers.gateway.credentials import check_query, key_text
from pulsemon_producers.gateway.keyring import Keyring, Principal
from pulsemon_producers.gateway.problems import MEDIA_TYPE_UNKNOWN, NOT_READY, Problem
from pulsemon_producers.gateway.request_body import BodyRoom

JSON = "application/json"


class Gate:
    """Tokens and bodies of one gateway; ``now_ms`` is the time of this host. ``is_ready``: the control log is read."""

    def __init__(
        self, keyring: Keyring, room: BodyRoom, now_ms: Callable[[], int], is_ready: Callable[[], bool]
    ) -> None:
        self._keyring = keyring
        self._room = room
        self._now_ms = now_ms
        self._is_ready = is_ready

    def enter(self, request: Request, scope: str) -> Principal:
        """Who asks. Raises Problem: no good token, one in the address, or one without the scope."""
        return self._keyring.principal(self.shown(request), scope, self._now_ms())

    def shown(self, request: Request) -> str:
        """The token that a request shows, whatever it is good for. Raises Problem: none, or one in the address."""
        if request.url.query:
            check_query(request.query_params.multi_items())
        text = key_text(request.headers.get("authorization", ""))
        if not self._is_ready():
            raise Problem(
                NOT_READY, "The control log is not read to its end; nothing was changed.", retry_after_seconds=1.0
            )
        return text

    async def read(self, request: Request) -> dict[str, Any]:
        """The JSON object that was sent. Raises Problem."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise Problem(MEDIA_TYPE_UNKNOWN, f"Content-Type must be {JSON}; nothing was changed.")
        async with self._room.read(request) as body:
            return read_object(body)
