"""What is written into the control log about an operator's token, and the secret that is shown once."""

import json
from dataclasses import dataclass, replace

from pulsemon_schemas import keys
from pulsemon_schemas.tokens import NOBODY, Token

from pulsemon_deploy.key_changes import new_key, rotated_key


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as the log will have it, and the text that opens: it is nowhere else."""

    token: Token
    text: str

    @property
    def body(self) -> str:
        """The body of the control record."""
        return body_of(self.token)


def new_token(name: str, scopes: frozenset[str], expires_at_ms: int | None) -> NewToken:
    """A token that nobody has seen."""
    new = new_key(NOBODY, scopes, expires_at_ms)
    return NewToken(Token(name, new.key), new.text)


def rotated_token(token: Token, now_ms: int, grace_ms: int) -> NewToken:
    """The same token with another secret; the one before stays good for the grace."""
    new = rotated_key(token.key, now_ms, grace_ms)
    return NewToken(replace(token, key=new.key), new.text)


def revoked_token(token: Token) -> Token:
    """The token that opens nothing any more."""
    return replace(token, key=keys.revoked(token.key))


def body_of(token: Token) -> str:
    """The body of a token's control record."""
    return json.dumps(token.body(), sort_keys=True, separators=(",", ":"))
