"""Who may open the dashboard: whoever comes with a fresh one-time link, and from then on that browser.

A link carries a nonce and an end, signed with the secret in the access file; it works once, also over restarts, because
used nonces are kept beside the secret until their links have ended. It is exchanged for a session, signed with the same
secret, so sessions survive restarts too, and a new secret ends them all.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path

from pulsemon_schemas.errors import AuthError, PermanentError

from pulsemon_ui.settings import UiSettings

LINK_SECONDS = 15 * 60
SESSION_SECONDS = 30 * 86_400
OPEN_PATH = "/open"
SECRET_BYTES = 32


def make_link(settings: UiSettings, now: Callable[[], float] = time.time) -> str:
    """A new link that opens the dashboard once, within LINK_SECONDS. PermanentError if the secret cannot be used."""
    return f"{settings.origin}{OPEN_PATH}?token={Access(settings.access_file, now).issue_link()}"


class Access:
    """Issues and judges the tokens of links and sessions. Safe between processes that share the access file."""

    def __init__(self, access_file: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._key = load_secret(access_file)
        self._used = access_file.with_name(access_file.name + ".used")

    def issue_link(self) -> str:
        """The token of a new link."""
        return self._sign("link", LINK_SECONDS)

    def exchange(self, token: str) -> str:
        """The token of a new session for that of a link; AuthError if the link is wrong, too old, or used before."""
        nonce, end = self._read("link", token)
        self._use(nonce, end)
        return self._sign("session", SESSION_SECONDS)

    def issue_session(self, seconds: int = SESSION_SECONDS) -> str:
        """The token of a session without a link, for the program's own requests."""
        return self._sign("session", seconds)

    def check_session(self, token: str) -> None:
        """AuthError unless it is a session of ours that has not ended."""
        self._read("session", token)

    def _sign(self, purpose: str, seconds: int) -> str:
        content = f"{secrets.token_urlsafe(16)}.{int(self._now()) + seconds}"
        return f"{content}.{self._signature(purpose, content)}"

    def _read(self, purpose: str, token: str) -> tuple[str, int]:
        content, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(purpose, content).encode()):
            raise AuthError("this link or session was not issued here")
        nonce, _, end = content.partition(".")
        if self._now() >= int(end):
            raise AuthError("this link or session has ended")
        return nonce, int(end)

    def _signature(self, purpose: str, content: str) -> str:
        return hmac.new(self._key, f"{purpose}.{content}".encode(), hashlib.sha256).hexdigest()

    def _use(self, nonce: str, end: int) -> None:
        """Writes the nonce down, durably; AuthError if it is there. Nonces whose links have ended are forgotten."""
        descriptor = os.open(self._used, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            used = dict(line.split() for line in file.read().splitlines() if len(line.split()) == 2)
            if nonce in used:
                raise AuthError("this link was used before")
            kept = {one: until for one, until in used.items() if int(until) > self._now()} | {nonce: str(end)}
            file.seek(0)
            file.truncate()
            file.write("".join(f"{one} {until}\n" for one, until in kept.items()))
            file.flush()
            os.fsync(file.fileno())


def load_secret(access_file: Path) -> bytes:
    """The secret in the file, made if there is none. PermanentError if others can read it or it is too short."""
    try:
        _create(access_file)
        mode = stat.S_IMODE(access_file.stat().st_mode)
        secret = access_file.read_text().strip()
    except OSError as error:
        raise PermanentError(
            f"{access_file} cannot be used ({error.strerror}); no link was made; check its folder"
        ) from error
    if mode & 0o077:
        raise PermanentError(
            f"{access_file} can be read by others (mode {mode:o}); no link was made; run: chmod 600 {access_file}"
        )
    if len(secret) < SECRET_BYTES:
        raise PermanentError(
            f"{access_file} holds no secret of {SECRET_BYTES} characters; no link was made; delete it for a new one"
        )
    return secret.encode()


def _create(access_file: Path) -> None:
    """Makes the file with a new secret, whole or not at all, so that two processes agree on one."""
    if access_file.exists():
        return
    access_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = access_file.with_name(f"{access_file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        access_file.hardlink_to(draft)
    except FileExistsError:
        pass  # another process made it first: its secret counts
    finally:
        draft.unlink()
