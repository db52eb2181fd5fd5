"""What can be set for sending over HTTP."""

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

KEY_PREFIX = "pm_"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """A gateway and who we are there. ``ca_file`` is PEM, None for the system's authorities."""

    url: str
    key: Secret = NO_SECRET
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url {self.url!r}: write https://HOST or https://HOST:PORT, with a path in front if any")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("url must hold no login, no ? and no #: the key goes into key or key_file")
        if not self.key.reveal().startswith(KEY_PREFIX):
            raise ValueError(f"transport http needs a key, which begins with {KEY_PREFIX} (or key_file)")
        if not (self.key.reveal().isascii() and self.key.reveal().isprintable()):
            raise ValueError("key has characters that no key has: copy it again")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError(f"url {self.url!r}: use https, or the key could be read on the way")
