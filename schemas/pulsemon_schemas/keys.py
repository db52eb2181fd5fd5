"""Keys that programs show to the gateway, and the entity ``key`` of the control log that says which are good. Pure.

A key is ``pm_<id>_<secret>``: twelve characters of id, and 256 random bits with a checksum, so that a mistyped key is
known as one without asking anybody. The log holds SHA-256 of the secret alone: at 256 bits nothing slower is needed.
"""

import hashlib
import hmac
import re
import string
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from pulsemon_schemas.control import UNUSED, Fold

KEY = "key"
"""The entity type."""
WRITE_METRICS = "metrics:write"
SCOPES: Mapping[str, str] = {WRITE_METRICS: "send metrics as the server of the key"}
DIRECT_RECORDS: Mapping[str, str] = {WRITE_METRICS: "metric_batch"}
"""Which records of the topics a scope lets a key write into Kafka itself."""

PREFIX = "pm"
ID_CHARACTERS = 12
SECRET_BYTES = 32
SECRET_CHARACTERS = 43
CHECKSUM_CHARACTERS = 6
LOGIN_CHARACTERS = 8
MAX_SECRETS = 4
"""So many secrets are remembered of a key that is rotated: who shows one of them is told that it was rotated out."""
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_ALPHABET = string.ascii_lowercase + string.digits[2:]

_TEXT = re.compile(
    rf"{PREFIX}_([a-z0-9]{{{ID_CHARACTERS}}})_([0-9A-Za-z]{{{SECRET_CHARACTERS}}})([0-9A-Za-z]{{{CHECKSUM_CHARACTERS}}})"
)
_NO_DIGEST = "0" * 64


class Refusal(Enum):
    """Why a key does not open anything. All but the first are told only to somebody who knows its secret."""

    UNKNOWN = "no such key"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ROTATED_OUT = "replaced by a newer secret of the same key"
    MISSING_SCOPE = "not made for this"


@dataclass(frozen=True, slots=True)
class Shown:
    """The key that somebody showed: its id, and the digest of its secret."""

    key_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class HashedSecret:
    """SHA-256 of a secret, in hex; ``ends_at_ms`` None: as long as the key."""

    digest: str
    ends_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key as the control log has it. ``secrets`` has the newest first; ``server_id`` is whom it may speak for.

    ``is_direct``: it is also a login of Kafka, where nobody keeps it from writing as another server.
    """

    key_id: str
    server_id: str
    scopes: frozenset[str]
    secrets: tuple[HashedSecret, ...]
    expires_at_ms: int | None = None
    is_revoked: bool = False
    is_direct: bool = False

    def body(self) -> dict[str, Any]:
        """The body of its control record."""
        return {
            "server_id": self.server_id,
            "scopes": sorted(self.scopes),
            "secrets": [{"sha256": one.digest, "ends_at": one.ends_at_ms} for one in self.secrets],
            "expires_at": self.expires_at_ms,
            "revoked": self.is_revoked,
            "direct": self.is_direct,
        }


def new_id(random_bytes: Callable[[int], bytes]) -> str:
    """An id for a new key."""
    return "".join(ID_ALPHABET[byte % len(ID_ALPHABET)] for byte in random_bytes(ID_CHARACTERS))


def new_text(key_id: str, random_bytes: Callable[[int], bytes]) -> str:
    """A key with a new secret, to be shown once."""
    body = f"{PREFIX}_{key_id}_{_base62(int.from_bytes(random_bytes(SECRET_BYTES), 'big'), SECRET_CHARACTERS)}"
    return body + _checksum(body)


def shown(text: str) -> Shown | None:
    """What a text says if it is written as a key is, its checksum included; else None."""
    match = _TEXT.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text[:-CHECKSUM_CHARACTERS]), match[3]):
        return None
    return Shown(match[1], hashlib.sha256(match[2].encode()).hexdigest())


def read(key_id: str, body: Mapping[str, Any]) -> Key | None:
    """The key in the body of a control record; None if the body is none, so that it opens nothing."""
    try:
        key = Key(
            key_id,
            body["server_id"],
            frozenset(body["scopes"]),
            tuple(HashedSecret(one["sha256"], one["ends_at"]) for one in body["secrets"]),
            body["expires_at"],
            body["revoked"],
            # keys are older than their use in Kafka
            body.get("direct", False),
        )
    except (AttributeError, KeyError, TypeError):
        return None
    return key if _is_sound(key) else None


def in_force(fold: Fold) -> list[Key]:
    """The keys that the control log has, revoked ones too; those of a server that was purged went with it."""
    found = (of(fold, key_id) for key_id in fold.entities(KEY))
    return [key for key in found if key is not None]


def of(fold: Fold, key_id: str) -> Key | None:
    """The key of this id; None if it is not there, is none, or went with its server."""
    entity = fold.entities(KEY).get(key_id)
    if entity is None:
        return None
    key = read(key_id, entity.body)
    is_purged = key is not None and fold.purges.get(key.server_id, UNUSED) > entity.version
    return None if is_purged else key


def refusal(key: Key | None, seen: Shown, scope: str, now_ms: int) -> Refusal | None:
    """Why this key may not do this now, None if it may. Compares as long for a wrong secret as for the right one."""
    secrets = key.secrets if key is not None else (HashedSecret(_NO_DIGEST),)
    matching = [one for one in secrets if hmac.compare_digest(one.digest, seen.digest)]
    if key is None or not matching:
        return Refusal.UNKNOWN
    if key.is_revoked:
        return Refusal.REVOKED
    if _is_over(key.expires_at_ms, now_ms):
        return Refusal.EXPIRED
    if all(_is_over(one.ends_at_ms, now_ms) for one in matching):
        return Refusal.ROTATED_OUT
    return None if scope in key.scopes else Refusal.MISSING_SCOPE


def rotated(key: Key, digest: str, now_ms: int, grace_ms: int) -> Key:
    """The key with a new secret; those before stay good for the grace, never longer than they were."""
    end_ms = now_ms + grace_ms
    old = (
        replace(one, ends_at_ms=end_ms if one.ends_at_ms is None else min(one.ends_at_ms, end_ms))
        for one in key.secrets
    )
    return replace(key, secrets=(HashedSecret(digest), *old)[:MAX_SECRETS])


def revoked(key: Key) -> Key:
    """The key that opens nothing any more."""
    return replace(key, is_revoked=True)


def login_name(key_id: str, digest: str) -> str:
    """The name of a secret's login in Kafka: each secret has its own, so that two are good while a rotation lasts."""
    return f"{PREFIX}_{key_id}_{digest[:LOGIN_CHARACTERS]}"


def logins(key: Key, now_ms: int) -> frozenset[str]:
    """The logins of Kafka that a key has now: none unless it is direct, nor when it is revoked or expired."""
    if not key.is_direct or key.is_revoked or _is_over(key.expires_at_ms, now_ms):
        return frozenset()
    return frozenset(login_name(key.key_id, one.digest) for one in key.secrets if not _is_over(one.ends_at_ms, now_ms))


def _is_over(end_ms: int | None, now_ms: int) -> bool:
    return end_ms is not None and now_ms >= end_ms


def _is_sound(key: Key) -> bool:
    """Types as they are written: what is not must open nothing."""
    times: tuple[object, ...] = (key.expires_at_ms, *(one.ends_at_ms for one in key.secrets))
    texts: tuple[object, ...] = (key.server_id, *key.scopes, *(one.digest for one in key.secrets))
    return (
        all(isinstance(one, str) and one for one in texts)
        and all(one.digest.isascii() for one in key.secrets)
        and all(one is None or type(one) is int for one in times)
        and all(type(one) is bool for one in (key.is_revoked, key.is_direct))
    )


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
