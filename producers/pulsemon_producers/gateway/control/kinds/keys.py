"""Keys of servers: who may send metrics, and as which server."""

from collections.abc import Callable, Mapping
from typing import Any

from pulsemon_schemas import keys
from pulsemon_schemas.control import SERVER
from pulsemon_schemas.keys import KEY, SCOPES, HashedSecret, Key
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import WRITE_KEYS

from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.listing import searched
from pulsemon_producers.gateway.control.secret_kind import (
    READ_SCHEMA,
    SecretKind,
    chosen_scopes,
    expires_at_ms,
    make_schema,
    never_put,
    shown_key,
)
from pulsemon_producers.gateway.keyring import Principal


def key_kind(configuration: Configuration, now_ms: Callable[[], int]) -> SecretKind:
    """The kind; ``configuration`` says which servers there are."""

    def new_body(fields: Fields, key_id: str, digest: str, _: Principal) -> Mapping[str, Any]:
        server_id = fields.text("server_id", None)
        if server_id and server_id not in configuration.entities(SERVER):
            fields.problem("server_id", "no such server is registered")
        scopes = chosen_scopes(fields, SCOPES, frozenset(SCOPES))
        return Key(key_id, server_id, scopes, (HashedSecret(digest),), expires_at_ms(fields, now_ms())).body()

    def read(held: Held) -> Key | None:
        key = keys.read(held.entity_id, held.body)
        is_purged = key is not None and configuration.purged_at(key.server_id) > held.version
        return None if is_purged else key

    def shown(held: Held) -> Mapping[str, Any]:
        key = read(held)
        if key is None:
            return {}
        return {"server_id": key.server_id, "direct": key.is_direct, **shown_key(key, now_ms())}

    kind = EntityKind(
        entity_type=KEY,
        path="keys",
        noun="key",
        write_scope=WRITE_KEYS,
        body_schema=make_schema(SCOPES, {"server_id": {"type": "string", "minLength": 1}}, ("server_id",)),
        check=never_put,
        filters={
            "server_id": Filter(
                "Only those of this server.", lambda held, value: held.body.get("server_id", "") == value
            ),
            "state": Filter("good, expired or revoked.", lambda held, value: shown(held).get("state") == value),
            "q": searched(lambda held: [str(held.body.get("server_id", ""))]),
        },
        shown_body=shown,
        shown_schema={**READ_SCHEMA, "server_id": {"type": "string"}, "direct": {"type": "boolean"}},
    )
    return SecretKind(kind, new_body, read, lambda _, key: key.body())
