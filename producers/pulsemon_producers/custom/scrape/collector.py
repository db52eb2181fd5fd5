"""The collector of one endpoint that speaks to Prometheus."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import Names
from pulsemon_producers.custom.checks import header, shown_url
from pulsemon_producers.custom.exposition.limits import REASONS, Chosen, Limits, choose
from pulsemon_producers.custom.exposition.page import parse_page
from pulsemon_producers.custom.net.dial import DialError, Timing, make_context
from pulsemon_producers.custom.net.http import Answer, Endpoint
from pulsemon_producers.custom.scrape.settings import ScrapeSettings

log = logging.getLogger(__name__)

OK = 200
MAX_PAGE_BYTES = 4 << 20
"""Some 50,000 series, which take ten times as much while they are looked at."""
OPEN_METRICS = "application/openmetrics-text"
ACCEPT = f"{OPEN_METRICS};version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
USER_AGENT = "pulsemon-scrape"
LABEL = "scrape"
TAKEN_LABEL = "exported_scrape"
"""Where the endpoint's own label of that name goes."""
SPARE_SECONDS = 2.0


class ScrapeCollector(Collector):
    """Fetches one page at its interval and sends its series under their own names, with the label ``scrape``.

    A page that does not come, or that makes no sense, is ``scrape.up`` 0, not an error of the collector.
    """

    needs_two_readings = False
    names = Names.SCRAPED

    def __init__(self, host: Host, settings: ScrapeSettings) -> None:
        super().__init__(host)
        self.name = f"scrape.{settings.name}"
        self.interval_seconds = settings.interval_seconds
        self.deadline_seconds = settings.timeout_seconds + SPARE_SECONDS
        self._settings = settings
        self._labels = {LABEL: settings.name}
        self._headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, **dict(map(header, settings.headers))}
        if settings.authorization:
            self._headers["Authorization"] = settings.authorization.reveal()
        self._endpoint: Endpoint | None = None
        self._is_up = True

    def collect(self, tick: Tick) -> Iterable[Point]:  # noqa: ARG002 - the page is that of the moment
        """Fetches and yields. Raises OSError if the authorities cannot be read."""
        if self._endpoint is None:
            settings = self._settings
            context = make_context(settings.verify_tls, settings.ca_file) if settings.url.startswith("https") else None
            self._endpoint = Endpoint(settings.url, context, settings.timeout_seconds)
        begun = time.monotonic()
        failure = ""
        chosen = Chosen()
        try:
            chosen = self._fetched(self._endpoint)
        except (DialError, ValueError) as error:
            failure = str(error)
        self._tell(failure)
        return list(self._points(chosen, not failure, time.monotonic() - begun))

    def close(self) -> None:
        """Ends the resolver's thread."""
        if self._endpoint is not None:
            self._endpoint.close()

    def _fetched(self, endpoint: Endpoint) -> Chosen:
        """What the page says. Raises DialError for one that does not come, ValueError for one that makes no sense."""
        answer = endpoint.ask("GET", self._headers, MAX_PAGE_BYTES, Timing.of(self._settings.timeout_seconds))
        _check(answer)
        series = parse_page(answer.body.decode("utf-8"), answer.content_type.startswith(OPEN_METRICS))
        limits = Limits(self._settings.samples, self._settings.buckets)
        return choose(series, limits, self._settings.prefix.__add__, self._labelled)

    def _labelled(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        taken = {TAKEN_LABEL: labels[LABEL]} if LABEL in labels else {}
        return {**labels, **taken, **self._labels}

    def _points(self, chosen: Chosen, is_up: bool, seconds: float) -> Iterator[Point]:
        yield gauge("scrape.up", is_up, self._labels)
        yield gauge("scrape.duration", seconds, self._labels)
        yield gauge("scrape.samples", len(chosen.points), self._labels)
        for reason in REASONS:
            yield gauge("scrape.left_out", chosen.left_out[reason], {**self._labels, "reason": reason})
        yield from chosen.points

    def _tell(self, failure: str) -> None:
        """Logs when it changes."""
        if failure and self._is_up:
            log.warning(
                "Scrape %s: %s yields nothing, %s. scrape.up is 0 until it does.",
                self._settings.name,
                shown_url(self._settings.url),
                failure,
            )
        elif not failure and not self._is_up:
            log.info("Scrape %s: %s works again.", self._settings.name, shown_url(self._settings.url))
        self._is_up = not failure


def _check(answer: Answer) -> None:
    if answer.status != OK:
        raise DialError("status", f"the answer was {answer.status}")
    if len(answer.body) > MAX_PAGE_BYTES:
        raise ValueError(f"the page has more than {MAX_PAGE_BYTES} bytes")
