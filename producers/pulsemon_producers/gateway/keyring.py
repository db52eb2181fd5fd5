"""The keys that the control log has, and whom each one lets in."""

from dataclasses import dataclass

from pulsemon_schemas import keys
from pulsemon_schemas.control import SERVER, Fold
from pulsemon_schemas.keys import KEY, Key, Refusal
from pulsemon_schemas.records import ControlRecord

from pulsemon_producers.gateway.problems import KEY_UNKNOWN, OF_REFUSAL, Problem

ADVICE = {
    Refusal.UNKNOWN: "No such key, or it was copied wrongly. Make one with `pulsemon key add`.",
    Refusal.REVOKED: "Somebody revoked it. Make another with `pulsemon key add`.",
    Refusal.EXPIRED: "Its time is over. Make another with `pulsemon key add`.",
    Refusal.ROTATED_OUT: "Its grace is over: use the key that `pulsemon key rotate` printed.",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sends: a key, and the server that it may write as."""

    key_id: str
    server_id: str


class Keyring:
    """Takes the records of the control log in order; answers from memory. Knows keys and purges alone."""

    def __init__(self) -> None:
        self._fold = Fold()
        self._keys: dict[str, tuple[int, Key | None]] = {}

    def append(self, offset: int, record: ControlRecord) -> None:
        """As ``ControlTaker.append``: a new, changed or revoked key counts from here on."""
        if record.entity_type in (KEY, SERVER):
            self._fold.apply(offset, record)

    def pass_over(self, offset: int) -> None:
        """As ``ControlTaker.pass_over``."""

    def principal(self, text: str, scope: str, now_ms: int) -> Principal:
        """Whom a key lets in. Raises Problem with a type of its own for each reason."""
        seen = keys.shown(text)
        if seen is None:
            raise Problem(KEY_UNKNOWN, ADVICE[Refusal.UNKNOWN])
        key = self._key(seen.key_id)
        reason = keys.refusal(key, seen, scope, now_ms)
        if reason is Refusal.MISSING_SCOPE:
            raise Problem(OF_REFUSAL[reason], f"The key {seen.key_id} has not the scope {scope}.")
        if reason is not None or key is None:
            refused = reason or Refusal.UNKNOWN
            raise Problem(OF_REFUSAL[refused], ADVICE[refused])
        return Principal(key.key_id, key.server_id)

    def _key(self, key_id: str) -> Key | None:
        """The version in force, read once. A server that was purged takes its keys with it."""
        entity = self._fold.entities(KEY).get(key_id)
        if entity is None:
            return None
        known = self._keys.get(key_id)
        if known is None or known[0] != entity.version:
            known = self._keys[key_id] = entity.version, keys.read(key_id, entity.body)
        key = known[1]
        is_purged = key is not None and self._fold.purges.get(key.server_id, -1) > entity.version
        return None if is_purged else key
