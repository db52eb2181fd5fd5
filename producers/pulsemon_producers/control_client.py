"""A client of the control API, for command line and dashboard. Requests are repeated until their answer is sure."""

import http.client
import json
import ssl
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulsemon_schemas.errors import PulsemonError, TransientError

from pulsemon_producers.http_settings import HttpSettings

ROOT = "/api/v1"
ANY_VERSION = "*"
UNSURE = 503
SUCCESS = range(200, 300)
ATTEMPT_SECONDS = 20.0
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.2
PAGE = 1000
TYPE_PREFIX = "urn:pulsemon:problem:"
Parameters = Sequence[tuple[str, str]]


class ControlApiError(PulsemonError):
    """The gateway has refused something. ``kind`` is the stable name of the problem; ``document`` has all of it."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.document = document
        super().__init__(status, document)

    @property
    def kind(self) -> str:
        """As ``version-conflict``."""
        return str(self.document.get("type", "")).removeprefix(TYPE_PREFIX)

    def __str__(self) -> str:
        return str(self.document.get("detail") or f"the gateway answered {self.status}")


@dataclass(frozen=True, slots=True)
class Said:
    """What goes beside a change. ``change_id`` names it: the same id twice is one change."""

    reason: str = ""
    on_behalf_of: str = ""
    change_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def headers(self) -> dict[str, bytes]:
        """As the gateway reads them."""
        texts = {"Pulsemon-Reason": self.reason, "Pulsemon-On-Behalf-Of": self.on_behalf_of}
        return {"Idempotency-Key": self.change_id.encode()} | {
            name: text.encode() for name, text in texts.items() if text
        }


class ControlClient:
    """Asks one gateway, over a connection of its own for each request; safe to use from several threads.

    Methods raise ControlApiError for what is refused, and TransientError if no sure answer came within
    ``patience_seconds``: a change may be made then, and repeating it with the same ``Said`` says whether it is.
    """

    def __init__(
        self,
        settings: HttpSettings,
        patience_seconds: float = PATIENCE_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._parts = urllib.parse.urlsplit(settings.url.rstrip("/"))
        self._key = settings.key
        self._tls = ssl.create_default_context(cafile=settings.ca_file) if self._parts.scheme == "https" else None
        self._patience_seconds = patience_seconds
        self._pause = pause

    def get(self, path: str, parameters: Parameters = ()) -> dict[str, Any]:
        """One document, such as ``get("/servers/web-1")``."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        return self._ask("GET", path + query, None, {})

    def items(self, path: str, parameters: Parameters = ()) -> Iterator[dict[str, Any]]:
        """Everything in a list, page by page."""
        cursor: list[tuple[str, str]] = []
        while True:
            page = self.get(path, [*parameters, ("limit", str(PAGE)), *cursor])
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = [("cursor", page["next"])]

    def create(self, path: str, body: Mapping[str, Any], said: Said, *, dry_run: bool = False) -> dict[str, Any]:
        """Puts an entity in force that is not; a dry run says what would be, and writes nothing."""
        return self._ask("PUT", path + _dry(dry_run), body, {**said.headers(), "If-None-Match": ANY_VERSION})

    def replace(
        self, path: str, body: Mapping[str, Any], version: int | None, said: Said, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Puts another body in the place of the version that was seen; None for whichever is in force."""
        return self._ask("PUT", path + _dry(dry_run), body, {**said.headers(), "If-Match": _tag(version)})

    def delete(self, path: str, version: int | None, said: Said) -> None:
        """Ends the version that was seen; None for whichever is in force."""
        self._ask("DELETE", path, None, {**said.headers(), "If-Match": _tag(version)})

    def act(self, path: str, body: Mapping[str, Any], said: Said) -> dict[str, Any]:
        """Does something, such as ``act("/keys/k3j7/rotate", {}, said)``, or makes something that gets its own id."""
        return self._ask("POST", path, body, said.headers())

    def _ask(
        self, method: str, path: str, item: Mapping[str, Any] | None, headers: Mapping[str, str | bytes]
    ) -> dict[str, Any]:
        """The same request until there is a sure answer."""
        body = None if item is None else json.dumps(item).encode()
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                status, raw = self._try(method, path, body, headers)
                why = f"it answers {status}"
            except (OSError, http.client.HTTPException) as error:
                status, raw, why = UNSURE, b"", str(error) or type(error).__name__
            if status != UNSURE:
                return _read(status, raw)
            if time.monotonic() >= deadline:
                raise TransientError(
                    f"the gateway at {self._parts.netloc} gives no sure answer ({why}); a change may be made, and "
                    "saying the same again with its change id does no harm. Does the gateway run?"
                )
            self._pause(PAUSE_SECONDS)

    def _try(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str | bytes]) -> tuple[int, bytes]:
        host, port = self._parts.hostname or "", self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=ATTEMPT_SECONDS, context=self._tls)
            if self._tls is not None
            else http.client.HTTPConnection(host, port, timeout=ATTEMPT_SECONDS)
        )
        own: dict[str, str | bytes] = {"Authorization": f"Bearer {self._key.reveal()}"}
        if body is not None:
            own["Content-Type"] = "application/json"
        try:
            connection.request(method, f"{self._parts.path}{ROOT}{path}", body, {**own, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def address(*parts: str) -> str:
    """A path whose parts may hold any character: ``address("servers", "web 1")``."""
    return "".join(f"/{urllib.parse.quote(part, safe='')}" for part in parts)


def _dry(is_dry: bool) -> str:
    return "?dry_run=true" if is_dry else ""


def _tag(version: int | None) -> str:
    return ANY_VERSION if version is None else f'"{version}"'


def _read(status: int, raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw) if raw else {}
    except ValueError:
        found = {}
    item: dict[str, Any] = found if isinstance(found, dict) else {}
    if status not in SUCCESS:
        raise ControlApiError(status, item)
    return item
