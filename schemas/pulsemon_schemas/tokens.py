"""Tokens of people and programs that operate Pulse Monitor: the entity ``operator_token`` of the control log. Pure.

A token is written and hashed as a key of a server is (``keys``), and shown in the same ways. It belongs to no server,
so it can send no metrics; what else it may do, its scopes say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas import keys
from pulsemon_schemas.keys import Key

OPERATOR_TOKEN = "operator_token"  # noqa: S105 - the entity type
READ = "control:read"
WRITE_CONTROL = "control:write"
WRITE_RULES = "rules:write"
WRITE_KEYS = "keys:write"
WRITE_TOKENS = "tokens:write"
WRITE_ALERTS = "alerts:write"
CLOSE_ALERTS = "alerts:close"
WRITE_EVENTS = "events:write"
SCOPES: Mapping[str, str] = {
    READ: "read servers, rules, silences, routes, keys and tokens (never their secrets), and alerts",
    WRITE_CONTROL: "register and change servers, silences, maintenance and routes",
    WRITE_RULES: "change rules",
    WRITE_KEYS: "make, rotate and revoke keys of servers",
    WRITE_TOKENS: "make, rotate and revoke operator tokens that may do no more than this one",
    WRITE_ALERTS: "acknowledge alerts and comment on them",
    CLOSE_ALERTS: "close alerts",
    WRITE_EVENTS: "write events, such as deployments",
}
NOBODY = "_operator"
"""Stands where a key has its server; no server is called so."""
MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Token:
    """One token. ``name`` is for people; ``key`` has its id, scopes, secrets and end."""

    name: str
    key: Key

    @property
    def author(self) -> str:
        """How changes made with it are signed. The id makes it certain, the name readable."""
        return f"{self.name}/{self.key.key_id}"

    def body(self) -> dict[str, Any]:
        """The body of its control record."""
        body = self.key.body()
        return {"name": self.name, **{field: body[field] for field in ("scopes", "secrets", "expires_at", "revoked")}}


def read(token_id: str, body: Mapping[str, Any]) -> Token | None:
    """The token in the body of a control record; None if the body is none, so that it opens nothing."""
    name = body.get("name")
    key = keys.read(token_id, {**body, "server_id": NOBODY})
    return Token(name, key) if key is not None and isinstance(name, str) and is_name(name) else None


def is_name(name: str) -> bool:
    """Whether a token may be called so."""
    return 0 < len(name) <= MAX_NAME_CHARACTERS and name.isprintable() and "/" not in name and name == name.strip()
