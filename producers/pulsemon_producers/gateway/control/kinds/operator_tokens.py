"""Operator tokens: who may use the control API, and for what."""

from collections.abc import Callable, Mapping
from typing import Any

from pulsemon_schemas import tokens
from pulsemon_schemas.keys import HashedSecret, Key
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import MAX_NAME_CHARACTERS, NOBODY, OPERATOR_TOKEN, SCOPES, WRITE_TOKENS, Token

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.listing import searched
from pulsemon_producers.gateway.control.secret_kind import (
    READ_SCHEMA,
    SecretKind,
    check_covered,
    chosen_scopes,
    expires_at_ms,
    make_schema,
    never_put,
    shown_key,
)
from pulsemon_producers.gateway.keyring import Principal


def token_kind(now_ms: Callable[[], int]) -> SecretKind:
    """The kind. Nobody makes a token that may do more than his own."""

    def new_body(fields: Fields, token_id: str, digest: str, who: Principal) -> Mapping[str, Any]:
        name = fields.text("name", None)
        if name and not tokens.is_name(name):
            fields.problem("name", f"has 1 to {MAX_NAME_CHARACTERS} printable characters, no slash, no spaces around")
        scopes = chosen_scopes(fields, SCOPES, frozenset())
        check_covered(scopes, who)
        key = Key(token_id, NOBODY, scopes, (HashedSecret(digest),), expires_at_ms(fields, now_ms()))
        return Token(name, key).body()

    def read(held: Held) -> Key | None:
        token = tokens.read(held.entity_id, held.body)
        return token.key if token is not None else None

    def shown(held: Held) -> Mapping[str, Any]:
        token = tokens.read(held.entity_id, held.body)
        return {} if token is None else {"name": token.name, **shown_key(token.key, now_ms())}

    name_schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS}
    kind = EntityKind(
        entity_type=OPERATOR_TOKEN,
        path="tokens",
        noun="token",
        write_scope=WRITE_TOKENS,
        body_schema=make_schema(SCOPES, {"name": name_schema}, ("name", "scopes")),
        check=never_put,
        filters={
            "state": Filter("good, expired or revoked.", lambda held, value: shown(held).get("state") == value),
            "q": searched(lambda held: [str(held.body.get("name", ""))]),
        },
        shown_body=shown,
        shown_schema={**READ_SCHEMA, "name": {"type": "string"}},
    )
    return SecretKind(
        kind, new_body, read, lambda held, key: Token(str(held.body["name"]), key).body(), needs_own_scopes=True
    )
