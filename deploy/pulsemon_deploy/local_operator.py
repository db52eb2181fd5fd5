"""The operator of this machine: whoever may read its home may use the control API, as with all secrets of the home."""

import json
import os

from pulsemon_schemas import keys
from pulsemon_schemas.control import PUT, UNUSED
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.keys import HashedSecret, Key
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.secret import Secret
from pulsemon_schemas.tokens import MAX_NAME_CHARACTERS, NOBODY, OPERATOR_TOKEN, SCOPES, Token

AUTHOR = "pulsemon up"


def new_token_text() -> str:
    """A token that nobody has seen."""
    return keys.new_text(keys.new_id(os.urandom), os.urandom)


def first_record(text: Secret, host: str) -> ControlRecord:
    """What makes the token good. Of a token that is in the log already, revoked perhaps, it changes nothing."""
    seen = keys.shown(text.reveal())
    if seen is None:
        raise PermanentError(
            "the operator's token of this home cannot be read; nothing was written. Remove the file "
            "secrets/operator-token of the home and start again: another one is made."
        )
    name = f"operator@{host}".replace("/", "_")[:MAX_NAME_CHARACTERS]
    token = Token(name, Key(seen.key_id, NOBODY, frozenset(SCOPES), (HashedSecret(seen.digest),)))
    body = json.dumps(token.body(), sort_keys=True, separators=(",", ":"))
    change_id = f"register-{seen.key_id}"
    return ControlRecord(OPERATOR_TOKEN, seen.key_id, PUT, UNUSED, change_id, AUTHOR, "", "of this home", body)
