"""What is written into the control log about a key, and the secret that is shown once."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas import keys
from pulsemon_schemas.keys import HashedSecret, Key


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A key as the log will have it, and the text that opens: it is nowhere else."""

    key: Key
    text: str

    @property
    def login(self) -> str:
        """The name of its login in Kafka, if it is direct; the password is the text."""
        return keys.login_name(self.key.key_id, self.key.secrets[0].digest)

    @property
    def body(self) -> str:
        """The body of the control record."""
        return body_of(self.key)


def new_key(server_id: str, scopes: frozenset[str], expires_at_ms: int | None, *, is_direct: bool = False) -> NewSecret:
    """A key that nobody has seen."""
    key_id = keys.new_id(os.urandom)
    text = keys.new_text(key_id, os.urandom)
    secrets = (HashedSecret(_digest(text)),)
    return NewSecret(Key(key_id, server_id, scopes, secrets, expires_at_ms, is_direct=is_direct), text)


def rotated_key(key: Key, now_ms: int, grace_ms: int) -> NewSecret:
    """The same key with another secret; the one before stays good for the grace."""
    text = keys.new_text(key.key_id, os.urandom)
    return NewSecret(keys.rotated(key, _digest(text), now_ms, grace_ms), text)


def body_of(key: Key) -> str:
    """The body of a key's control record."""
    return text_of(key.body())


def text_of(body: Mapping[str, Any]) -> str:
    """A body as it is written: the same for the same."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _digest(text: str) -> str:
    seen = keys.shown(text)
    assert seen is not None
    return seen.digest
