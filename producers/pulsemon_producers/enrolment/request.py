"""One enrolment over HTTP: the request, tried again while the gateway is away, and what it answered."""

import http.client
import json
import random
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.enrolment import EnrolmentRequest
from pulsemon_schemas.errors import AuthError, PermanentError, SettingsError, TransientError

from pulsemon_producers.http_settings import HttpSettings

PATH = "/api/v1/enrol"
TIMEOUT_SECONDS = 15.0
TRIES = 6
FIRST_WAIT_SECONDS = 0.5
MAX_WAIT_SECONDS = 8.0
MAX_ANSWER_BYTES = 262_144
PROBLEM_PREFIX = "urn:pulsemon:problem:"
TO_BE_ASKED = ("machine-known", "server-id-taken")
AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The host is this server now."""

    server_id: str
    server: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToBeAsked:
    """Nothing was changed: a person says which of these servers the host is. ``kind`` is one of ``TO_BE_ASKED``."""

    kind: str
    detail: str
    servers: Sequence[Mapping[str, Any]]


def enrol(
    settings: HttpSettings, request: EnrolmentRequest, wait: Callable[[float], None] = time.sleep
) -> Enrolled | ToBeAsked:
    """What became of it. ``settings.key`` is the token.

    Raises AuthError for a token that is not good, PermanentError for what trying again does not help, and
    TransientError if the gateway stays away: the same request may then be sent again.
    """
    why = ""
    for turn in range(TRIES):
        if turn:
            wait(min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**turn) * random.uniform(0.5, 1.0))
        try:
            status, item = _ask(settings, json.dumps(request.body()).encode())
        except ssl.SSLCertVerificationError as error:
            raise PermanentError(
                f"the certificate of {settings.url} is not trusted ({error.verify_message}); nothing was sent. "
                "Give its authority with --ca-file."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            continue
        if status not in AGAIN:
            return _read(settings, status, item)
        why = str(item.get("detail") or f"status {status}")
    raise TransientError(
        f"{settings.url} cannot be used: {why}. If it has registered this host already, the same command goes on there."
    )


def _ask(settings: HttpSettings, body: bytes) -> tuple[int, Mapping[str, Any]]:
    parts = urllib.parse.urlsplit(settings.url.rstrip("/"))
    connection = _connection(settings, parts)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {settings.key.reveal()}"}
    try:
        connection.request("POST", parts.path + PATH, body, headers)
        response = connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES)
    finally:
        connection.close()
    try:
        item = json.loads(text)
    except ValueError:
        item = {}
    return response.status, item if isinstance(item, dict) else {}


def _connection(settings: HttpSettings, parts: urllib.parse.SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        tls = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError([f"ca_file {settings.ca_file}: cannot be read as PEM ({error})"]) from error
    return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_SECONDS, context=tls)


def _read(settings: HttpSettings, status: int, item: Mapping[str, Any]) -> Enrolled | ToBeAsked:
    kind = str(item.get("type", "")).removeprefix(PROBLEM_PREFIX)
    detail = str(item.get("detail") or f"status {status}")
    if status in (200, 201) and isinstance(item.get("server_id"), str):
        server = item.get("server")
        return Enrolled(item["server_id"], server if isinstance(server, dict) else {})
    if kind in TO_BE_ASKED:
        servers = item.get("servers")
        return ToBeAsked(kind, detail, servers if isinstance(servers, list) else ())
    if status in (401, 403):
        raise AuthError(f"{settings.url} does not take the token: {detail}")
    if not kind:
        raise PermanentError(
            f"{settings.url} is no gateway of Pulse Monitor, or one that knows no enrolment (status {status}); "
            "nothing was changed. Look at --url."
        )
    raise PermanentError(f"{settings.url} refuses it: {detail}")
