"""The control API as a client of it sees it, with tokens that are written into the control log directly."""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from pulsemon_schemas import keys, tokens
from pulsemon_schemas.codec import encode
from pulsemon_schemas.keys import HashedSecret, Key
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.tokens import NOBODY, OPERATOR_TOKEN, Token
from pulsemon_schemas.topics import CONTROL
from support.gateways import Gateway, Reply
from support.waiting import wait_until

FRESH = {"If-None-Match": "*"}


def write_record(gateway: Gateway, record: ControlRecord) -> int:
    """Appends a record to the control log, past every gateway; its offset."""
    offsets: list[int] = []
    producer = gateway.broker.producer("operator", {"log_level": 2})
    producer.produce(
        CONTROL.name,
        encode(record),
        record.entity_id.encode(),
        on_delivery=lambda _, message: offsets.append(message.offset() or 0),
    )
    assert producer.flush(20) == 0
    return offsets[0]


def new_token(
    gateway: Gateway, scopes: Iterable[str] = tuple(tokens.SCOPES), name: str = "tests", **own: Any
) -> tuple[str, Token]:
    """A token that the gateway knows: its text, and what the log has of it. ``own`` are fields of its key."""
    token_id = keys.new_id(os.urandom)
    text = keys.new_text(token_id, os.urandom)
    seen = keys.shown(text)
    assert seen is not None
    token = Token(name, Key(token_id, NOBODY, frozenset(scopes), (HashedSecret(seen.digest),), **own))
    write_token(gateway, token)
    wait_until(
        lambda: ask(gateway, "GET", "/servers?limit=1", text).json.get("type") != "urn:pulsemon:problem:key-unknown",
        5.0,
        "the gateway to know the token",
    )
    return text, token


def write_token(gateway: Gateway, token: Token, expected: int = -1) -> int:
    body = json.dumps(token.body())
    record = ControlRecord(
        OPERATOR_TOKEN, token.key.key_id, "put", expected, str(uuid.uuid4()), "tests", "", "", body
    )  # fmt: skip
    return write_record(gateway, record)


def ask(
    gateway: Gateway,
    method: str,
    path: str,
    token: str = "",
    item: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request to ``/api/v1``; ``item`` is sent as JSON."""
    body = None if item is None else json.dumps(item).encode()
    more = {"Content-Type": "application/json"} if item is not None else {}
    return gateway.ask(method, f"/api/v1{path}", body, token, {**more, **(headers or {})})


def etag(reply: Reply) -> dict[str, str]:
    """The version that was answered, as the condition of the next change."""
    return {"If-Match": reply.headers["etag"]}
