"""One endpoint to scrape."""

from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

from pulsemon_producers.custom.checks import check_absolute, check_name, check_times, check_url, header
from pulsemon_producers.custom.exposition.line import NAME

SCHEMES = frozenset({"http", "https"})
MAX_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class ScrapeSettings:
    """Where it is, how long it may take, and how much of it is sent.

    The series keep their names, behind ``prefix`` if there is one, and get the label ``scrape`` with ``name``.
    ``buckets`` of the ``samples`` may be buckets of histograms. ``authorization`` is the whole value of that header.
    """

    name: str
    url: str
    interval_seconds: float = 30.0
    timeout_seconds: float = 5.0
    prefix: str = ""
    samples: int = 1000
    buckets: int = 500
    headers: tuple[str, ...] = ()
    authorization: Secret = NO_SECRET
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
        if self.prefix and NAME.fullmatch(self.prefix) is None:
            raise ValueError(f"prefix {self.prefix!r}: use letters, digits, _ and :, and begin with none of the digits")
        if not 1 <= self.samples <= MAX_SAMPLES or not 0 <= self.buckets <= MAX_SAMPLES:
            raise ValueError(f"samples must be from 1 to {MAX_SAMPLES}, buckets from 0")
