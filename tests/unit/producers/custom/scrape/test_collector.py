import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulsemon_producers.collectors.base import Kind, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.scrape.collector import ScrapeCollector
from pulsemon_producers.custom.scrape.settings import ScrapeSettings
from pulsemon_schemas.runtime.secret import Secret
from support.small_servers import TRUSTED, Page, silent_server, web_server

TICK = Tick(0, None, "boot", {})
PAGE = b"""\
# TYPE jobs_total counter
jobs_total{queue="mail"} 7
# TYPE wait_seconds histogram
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 3.5
wait_seconds_count 2
free{scrape="theirs"} NaN
used{scrape="theirs"} 4
"""


@contextmanager
def scraping(settings: ScrapeSettings) -> Iterator[ScrapeCollector]:
    collector = ScrapeCollector(Host(), settings)
    yield collector
    collector.close()


def points(settings: ScrapeSettings) -> list[Point]:
    with scraping(settings) as collector:
        return list(collector.collect(TICK))


def own(found: list[Point]) -> dict[str, float]:
    return {f"{point.name}{{{point.labels}}}": point.value for point in found if point.name.startswith("scrape.")}


def test_series_keep_their_names_and_kinds_and_get_a_label() -> None:
    with web_server(Page(PAGE)) as page:
        settings = ScrapeSettings("app", f"http://127.0.0.1:{page.port}/metrics", authorization=Secret("Basic eDp5"))
        found = points(settings)

    assert [point for point in found if "." not in point.name] == [
        Point(Kind.COUNTER, "jobs_total", "queue=mail,scrape=app", 7.0),
        Point(Kind.COUNTER, "wait_seconds_bucket", "le=+Inf,scrape=app", 2.0),
        Point(Kind.COUNTER, "wait_seconds_sum", "scrape=app", 3.5),
        Point(Kind.COUNTER, "wait_seconds_count", "scrape=app", 2.0),
        Point(Kind.GAUGE, "used", "exported_scrape=theirs,scrape=app", 4.0),
    ]
    told = own(found)
    assert told["scrape.up{scrape=app}"] == 1.0
    assert told["scrape.samples{scrape=app}"] == 5.0
    assert told["scrape.left_out{reason=not_finite,scrape=app}"] == 1.0
    assert told["scrape.left_out{reason=limit,scrape=app}"] == 0.0
    assert page.asked[0]["Authorization"] == "Basic eDp5"
    assert "application/openmetrics-text" in page.asked[0]["Accept"]


def test_limits_and_a_prefix_are_kept() -> None:
    with web_server(Page(PAGE)) as page:
        url = f"http://127.0.0.1:{page.port}/"
        found = points(ScrapeSettings("app", url, prefix="app_", samples=2, buckets=0))

    assert [point.name for point in found if "." not in point.name] == ["app_jobs_total", "app_wait_seconds_sum"]
    told = own(found)
    assert told["scrape.left_out{reason=buckets,scrape=app}"] == 1.0
    assert told["scrape.left_out{reason=limit,scrape=app}"] == 2.0


def test_open_metrics_is_known_by_its_content_type() -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    with web_server(Page(b"# TYPE a counter\na_total 1\n# EOF\n", content_type=kind)) as page:
        settings = ScrapeSettings("app", f"http://127.0.0.1:{page.port}/")
        assert points(settings)[-1] == Point(Kind.COUNTER, "a_total", "scrape=app", 1.0)
        page.body = b"# TYPE a counter\na_total 1\n"
        assert own(points(settings))["scrape.up{scrape=app}"] == 0.0, "a page that was cut off"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (Page(status=404), "the answer was 404"),
        (Page(b"<html>\n"), "line 1: it begins with no name of a metric"),
        (Page(b'a{b="\xff"} 1\n'), "can't decode byte 0xff"),
    ],
)
def test_what_is_no_page_is_down_and_logged_once(page: Page, told: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with web_server(page), scraping(ScrapeSettings("app", f"http://127.0.0.1:{page.port}/")) as collector:
        for _ in range(2):
            assert own(list(collector.collect(TICK)))["scrape.up{scrape=app}"] == 0.0
        page.status, page.body = 200, b"a 1\n"
        assert own(list(collector.collect(TICK)))["scrape.up{scrape=app}"] == 1.0

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert told in caplog.text


def test_a_page_that_does_not_come_is_down_at_the_deadline() -> None:
    with silent_server() as port:
        found = own(points(ScrapeSettings("app", f"http://127.0.0.1:{port}/", timeout_seconds=0.2)))

    assert found["scrape.up{scrape=app}"] == 0.0
    assert 0.2 <= found["scrape.duration{scrape=app}"] < 2


def test_an_encrypted_page_of_a_trusted_server() -> None:
    with web_server(Page(b"a 1\n"), certificate="localhost") as page:
        settings = ScrapeSettings("app", f"https://localhost:{page.port}/", ca_file=TRUSTED)
        assert own(points(settings))["scrape.up{scrape=app}"] == 1.0
