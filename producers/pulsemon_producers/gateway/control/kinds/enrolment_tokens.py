"""Enrolment tokens: with which hosts register themselves, how often, and as what."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulsemon_schemas import enrolment
from pulsemon_schemas.enrolment import ENROL, ENROLMENT_TOKEN, MAX_USES, NOBODY, EnrolmentToken
from pulsemon_schemas.keys import HashedSecret, Key
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import WRITE_KEYS

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.durations import duration_ms
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.secret_kind import (
    MAX_SECONDS,
    READ_SCHEMA,
    SecretKind,
    never_put,
    shown_key,
)
from pulsemon_producers.gateway.keyring import Principal

DAY_SECONDS = 86_400.0
MAX_CHARACTERS = 253
TEXTS = ("environment", "region", "role")
_TEXT = {"type": "string", "maxLength": MAX_CHARACTERS}
_PRESETS: Mapping[str, Any] = {
    **dict.fromkeys(TEXTS, _TEXT),
    "labels": {
        "type": "object",
        "propertyNames": {"minLength": 1, "maxLength": MAX_CHARACTERS},
        "additionalProperties": _TEXT,
    },
}
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "What the servers are to be that are made with it.",
    "properties": {
        **_PRESETS,
        "max_uses": {"type": "integer", "minimum": 1, "maximum": MAX_USES, "default": 1},
        "expires_in_seconds": {"type": "number", "minimum": 1, "maximum": MAX_SECONDS, "default": DAY_SECONDS},
    },
}
SHOWN_SCHEMA: Mapping[str, Any] = {
    **READ_SCHEMA,
    **_PRESETS,
    "max_uses": {"type": "integer"},
    "uses": {"type": "integer", "description": "How many hosts have used it."},
}


def enrolment_kind(now_ms: Callable[[], int]) -> SecretKind:
    """The kind."""

    def new_body(fields: Fields, token_id: str, digest: str, _: Principal) -> Mapping[str, Any]:
        until_ms = now_ms() + duration_ms(fields, "expires_in_seconds", DAY_SECONDS, 1.0, MAX_SECONDS)
        key = Key(token_id, NOBODY, frozenset({ENROL}), (HashedSecret(digest),), until_ms)
        environment, region, role = (_checked(fields, name, fields.text(name)) for name in TEXTS)
        labels = fields.texts("labels")
        for name, value in labels.items():
            _checked(fields, f"labels.{name}"[:MAX_CHARACTERS], max(name, value, key=len))
        return EnrolmentToken(key, _max_uses(fields), 0, environment, region, role, labels).body()

    def shown(held: Held) -> Mapping[str, Any]:
        token = enrolment.read(held.entity_id, held.body)
        if token is None:
            return {}
        return {**shown_key(token.key, now_ms()), "max_uses": token.max_uses, "uses": token.uses, **token.presets()}

    kind = EntityKind(
        entity_type=ENROLMENT_TOKEN,
        path="enrolment-tokens",
        noun="enrolment token",
        write_scope=WRITE_KEYS,
        body_schema=BODY_SCHEMA,
        check=never_put,
        filters={"state": Filter("good, expired or revoked.", lambda held, value: shown(held).get("state") == value)},
        shown_body=shown,
        shown_schema=SHOWN_SCHEMA,
    )
    return SecretKind(kind, new_body, _key, _changed_body)


def _key(held: Held) -> Key | None:
    token = enrolment.read(held.entity_id, held.body)
    return token.key if token is not None else None


def _changed_body(held: Held, key: Key) -> Mapping[str, Any]:
    token = enrolment.read(held.entity_id, held.body)
    assert token is not None, "its key was read just now"
    return replace(token, key=key).body()


def _max_uses(fields: Fields) -> int:
    number = fields.number("max_uses", 1.0, minimum=1.0)
    if not number.is_integer() or number > MAX_USES:
        fields.problem("max_uses", f"must be a whole number from 1 to {MAX_USES}")
    return int(number)


def _checked(fields: Fields, name: str, text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        fields.problem(name, f"has more than {MAX_CHARACTERS} characters")
    return text
