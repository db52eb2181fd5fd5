"""One target of a probe."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

from pulsemon_producers.custom.checks import check_absolute, check_name, check_times, check_url, header

SCHEMES = frozenset({"http", "https", "tcp", "tls"})


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """What is asked, how long it may take, and what answer is right.

    ``url`` is ``http://``, ``https://``, ``tcp://HOST:PORT`` (connects and closes) or ``tls://HOST:PORT`` (makes the
    handshake as well). ``status`` are the right answers of HTTP, any from 200 to 399 if none is given: a redirection is
    an answer, it is not followed. ``body`` is a pattern that must be found in the first MiB of the answer. ``ca_file``
    holds the authorities to trust instead of the system's. ``authorization`` is the whole value of that header.
    """

    name: str
    url: str
    interval_seconds: float = 30.0
    timeout_seconds: float = 5.0
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    headers: tuple[str, ...] = ()
    authorization: Secret = NO_SECRET
    status: tuple[int, ...] = ()
    body: str = ""
    verify_tls: bool = True
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        check_times(self.interval_seconds, self.timeout_seconds)
        check_url(self.url, SCHEMES)
        if self.ca_file is not None:
            check_absolute("ca_file", self.ca_file)
        for line in self.headers:
            header(line)
        try:
            re.compile(self.body.encode())
        except re.error as error:
            raise ValueError(f"body {self.body!r} is no pattern: {error}") from None
        if not self.is_http and (self.headers or self.authorization or self.status or self.body):
            raise ValueError("headers, authorization, status and body are for http:// and https:// alone")

    @property
    def is_http(self) -> bool:
        """True if there is an answer to look at."""
        return self.url.startswith("http")
