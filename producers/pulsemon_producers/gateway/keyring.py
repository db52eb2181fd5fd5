"""The keys and operator tokens that the control log has, and whom each one lets in."""

from collections.abc import Callable
from dataclasses import dataclass

from pulsemon_schemas import keys, tokens
from pulsemon_schemas.keys import KEY, Key, Refusal
from pulsemon_schemas.tokens import OPERATOR_TOKEN

from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.problems import KEY_UNKNOWN, OF_REFUSAL, Problem

MAKE = "`pulsemon key add`, or for operators `pulsemon token add`"
ADVICE = {
    Refusal.UNKNOWN: f"No such key or token, or it was copied wrongly. Make one with {MAKE}.",
    Refusal.REVOKED: f"Somebody revoked it. Make another with {MAKE}.",
    Refusal.EXPIRED: f"Its time is over. Make another with {MAKE}.",
    Refusal.ROTATED_OUT: "Its grace is over: use the one that was printed when it was rotated.",
}


NoteUse = Callable[[str, int], None]


def _nobody(_key_id: str, _now_ms: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends: a key, the server that it may write as ("" for an operator), and how its changes are signed."""

    key_id: str
    server_id: str
    author: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Known:
    """What an entity says, read once."""

    version: int
    key: Key | None
    principal: Principal


class Keyring:
    """Answers from memory whom a key, or an operator's token, lets in; ``note_use`` hears of each that does."""

    def __init__(self, configuration: Configuration, note_use: NoteUse = _nobody) -> None:
        self._configuration = configuration
        self._note_use = note_use
        self._known: dict[str, _Known] = {}

    def principal(self, text: str, scope: str, now_ms: int) -> Principal:
        """Whom a key lets in. Raises Problem with a type of its own for each reason."""
        seen = keys.shown(text)
        if seen is None:
            raise Problem(KEY_UNKNOWN, ADVICE[Refusal.UNKNOWN])
        known = self._of(seen.key_id)
        key = known.key if known is not None else None
        reason = keys.refusal(key, seen, scope, now_ms)
        if reason is Refusal.MISSING_SCOPE:
            raise Problem(OF_REFUSAL[reason], f"The key {seen.key_id} has not the scope {scope}; nothing was done.")
        if reason is not None or known is None:
            refused = reason or Refusal.UNKNOWN
            raise Problem(OF_REFUSAL[refused], ADVICE[refused])
        self._note_use(seen.key_id, now_ms)
        return known.principal

    def _of(self, key_id: str) -> _Known | None:
        """The version in force, read once. A server that was purged takes its keys with it."""
        is_token = False
        entity = self._configuration.entities(KEY).get(key_id)
        if entity is None:
            is_token = True
            entity = self._configuration.entities(OPERATOR_TOKEN).get(key_id)
        if entity is None:
            return None
        known = self._known.get(key_id)
        if known is None or known.version != entity.version:
            known = self._known[key_id] = _token(entity) if is_token else _key(entity)
        is_purged = self._configuration.purged_at(known.principal.server_id) > entity.version
        return None if is_purged else known


def _key(entity: Held) -> _Known:
    key = keys.read(entity.entity_id, entity.body)
    if key is None:
        return _Known(entity.version, None, Principal(entity.entity_id, ""))
    return _Known(entity.version, key, Principal(key.key_id, key.server_id, f"key/{key.key_id}", key.scopes))


def _token(entity: Held) -> _Known:
    token = tokens.read(entity.entity_id, entity.body)
    if token is None:
        return _Known(entity.version, None, Principal(entity.entity_id, ""))
    return _Known(entity.version, token.key, Principal(entity.entity_id, "", token.author, token.key.scopes))
