"""What a broker stores of a SCRAM-SHA-512 password (RFC 5802)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

MECHANISM: Final = "SCRAM-SHA-512"
# The least that Kafka takes. The passwords are 256 random bits: more rounds would only slow each login.
ITERATIONS = 4096


@dataclass(frozen=True, slots=True)
class ScramCredential:
    """Salt and the two derived keys; the password cannot be had back from them."""

    name: str
    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int = ITERATIONS


def derive(name: str, password: str, salt: bytes | None = None) -> ScramCredential:
    """The credential of a user; the salt is random unless given."""
    salt = secrets.token_bytes(32) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", hashlib.sha512)
    server_key = hmac.digest(salted, b"Server Key", hashlib.sha512)
    return ScramCredential(name, salt, hashlib.sha512(client_key).digest(), server_key)
