"""The one secret of a local broker: generated once, readable by its owner alone; every password comes from it."""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

SECRET_BYTES = 32


def ensure_secret(path: Path) -> bytes:
    """The secret in ``path``, made at the first call: 64 hex digits in a file of mode 0600."""
    if not path.exists():
        _create(path)
    return read_secret(path)


def read_secret(path: Path) -> bytes:
    """The secret in ``path``. PermanentError if there is none, or if others on this machine may read it."""
    try:
        mode, text = path.stat().st_mode, path.read_text().strip()
    except FileNotFoundError as error:
        raise PermanentError(f"The secret of the local Kafka is missing: {path}. Start it once: pulsemon up") from error
    if mode & 0o077:
        raise PermanentError(
            f"Others may read the secret of the local Kafka. Nothing was started. Run: chmod 600 {path}"
        )
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise PermanentError(
            f"{path} does not hold {2 * SECRET_BYTES} hex digits. Put the old file back, or: pulsemon reset"
        )
    return secret


def password(secret: bytes, name: str) -> str:
    """The password of a role, or of the broker itself: HMAC-SHA256 of its name under the secret, in hex."""
    return hmac.digest(secret, f"kafka:{name}".encode(), hashlib.sha256).hex()


def _create(path: Path) -> None:
    """Written beside and linked into place, so that nobody sees half a secret and the first of two writers wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(staging)
    finally:
        staging.unlink()
