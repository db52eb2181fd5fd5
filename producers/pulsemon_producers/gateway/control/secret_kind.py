"""A kind of entity that has a secret: it is made here, shown once, and only its digest is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pulsemon_schemas.keys import Key
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.fields import Fields

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.durations import duration_ms
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import SCOPE_MISSING, Problem

MAX_SECONDS = 100 * 366 * 24 * 3600
GOOD, EXPIRED, REVOKED = "good", "expired", "revoked"
_TIME = {"type": ["integer", "null"], "description": "Milliseconds since 1970, UTC; null for never."}
READ_SCHEMA: Mapping[str, Any] = {
    "scopes": {"type": "array", "items": {"type": "string"}},
    "expires_at": _TIME,
    "state": {"type": "string", "enum": [GOOD, EXPIRED, REVOKED]},
    "old_secret_until": _TIME,
}


@dataclass(frozen=True, slots=True)
class SecretKind:
    """``new_body`` reads what was sent for a new one, with its id, the digest of its secret and who makes it.

    ``read`` finds the key in an entity, None if there is none; ``changed_body`` puts a changed one back. With
    ``needs_own_scopes`` nobody gets a secret that may do more than his own.
    """

    kind: EntityKind
    new_body: Callable[[Fields, str, str, Principal], Mapping[str, Any]]
    read: Callable[[Held], Key | None]
    changed_body: Callable[[Held, Key], Mapping[str, Any]]
    needs_own_scopes: bool = False


def shown_key(key: Key, now_ms: int) -> dict[str, Any]:
    """What everybody who reads may know of a key."""
    is_expired = key.expires_at_ms is not None and key.expires_at_ms <= now_ms
    ends = [one.ends_at_ms for one in key.secrets[1:] if one.ends_at_ms is not None and one.ends_at_ms > now_ms]
    return {
        "scopes": sorted(key.scopes),
        "expires_at": key.expires_at_ms,
        "state": REVOKED if key.is_revoked else EXPIRED if is_expired else GOOD,
        "old_secret_until": max(ends, default=None),
    }


def chosen_scopes(fields: Fields, known: Mapping[str, str], usual: frozenset[str]) -> frozenset[str]:
    """The scopes that were asked for, at least one; the usual ones if none were."""
    items = fields.listed("scopes")
    wrong = [item for item in items if not isinstance(item, str) or item not in known]
    if wrong:
        fields.problem("scopes", f"must be of {', '.join(known)}, is {wrong[0]!r}")
    chosen = frozenset(item for item in items if item not in wrong) if fields.has("scopes") else usual
    if not chosen and not wrong:
        fields.problem("scopes", f"at least one is needed, of {', '.join(known)}")
    return chosen


def check_covered(scopes: frozenset[str], who: Principal) -> None:
    """Raises Problem if a token would be able to do more than the one that makes it."""
    if more := scopes - who.scopes:
        raise Problem(
            SCOPE_MISSING, f"Your token lacks {', '.join(sorted(more))}, so you cannot give it; nothing was changed."
        )


def expires_at_ms(fields: Fields, now_ms: int) -> int | None:
    """When it ends, of ``expires_in_seconds``; None for never."""
    if not fields.has("expires_in_seconds"):
        return None
    return now_ms + duration_ms(fields, "expires_in_seconds", 1.0, 1.0, MAX_SECONDS)


def make_schema(scopes: Mapping[str, str], own: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """What is sent for a new one."""
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": {
            **own,
            "scopes": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(scopes)}},
            "expires_in_seconds": {"type": "number", "minimum": 1, "maximum": MAX_SECONDS},
        },
    }


def never_put(entity_id: str, _: Mapping[str, Any]) -> NoReturn:
    """As ``kind.Check``: they are made, rotated and revoked, and not written as a whole."""
    raise RuleError(entity_id, ["cannot be put"])
