"""Counting log records: bounded, quiet, and never in a circle."""

import logging
import threading
from collections.abc import Iterator

import pytest
from pulsemon.logs import CountingHandler
from pulsemon.testing import MemoryClient
from support.broken_client import BrokenClient

RECORDS = "log.records"


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger of this test's own, which passes nothing on."""
    found = logging.getLogger("shop.db.pool")
    found.propagate, before = False, (found.propagate, found.level)
    found.setLevel(1)
    yield found
    found.handlers.clear()
    found.propagate, level = before
    found.setLevel(level)


def test_records_are_counted_by_level_and_by_the_beginning_of_the_logger(log: logging.Logger) -> None:
    client = MemoryClient()
    log.addHandler(CountingHandler(client))
    for number in (logging.CRITICAL, logging.ERROR, logging.ERROR, 25, 5):
        log.log(number, "said %s")

    assert client.values(RECORDS) == {
        "level=critical,logger=shop.db": 1,
        "level=error,logger=shop.db": 2,
        "level=info,logger=shop.db": 1,
        "level=trace,logger=shop.db": 1,
    }


def test_the_handlers_own_level_and_filters_hold(log: logging.Logger) -> None:
    client = MemoryClient()
    handler = CountingHandler(client, logging.WARNING)
    handler.addFilter(lambda record: "not this" not in record.getMessage())
    log.addHandler(handler)
    log.info("below")
    log.warning("not this")
    log.warning("this")

    assert client.values(RECORDS) == {"level=warning,logger=shop.db": 1}


def test_more_loggers_than_there_may_be_count_as_other() -> None:
    client = MemoryClient()
    handler = CountingHandler(client, max_loggers=3)
    for number in range(10):
        handler.handle(logging.makeLogRecord({"name": f"plugin{number}", "levelno": logging.ERROR}))

    assert client.values(RECORDS) == {
        "level=error,logger=other": 7,
        **{f"level=error,logger=plugin{number}": 1 for number in range(3)},
    }
    client.assert_nothing_dropped()


@pytest.mark.parametrize("name", ["pulsemon_producers.client.drops", "pulsemon.alerts.reader", "confluent_kafka"])
def test_what_the_library_says_does_not_count(name: str) -> None:
    client = MemoryClient()
    CountingHandler(client).handle(logging.makeLogRecord({"name": name, "levelno": logging.ERROR}))
    assert client.values(RECORDS) == {}


def test_a_client_that_warns_while_it_counts_ends_in_no_circle(caplog: pytest.LogCaptureFixture) -> None:
    client = MemoryClient(max_series=1)
    root = logging.getLogger()
    handler = CountingHandler(client)
    root.addHandler(handler)
    try:
        for name in ("one", "two", "three"):
            logging.getLogger(name).error("something")
    finally:
        root.removeHandler(handler)

    assert client.values(RECORDS) == {"level=error,logger=one": 1}
    assert client.dropped == {"cardinality": 2}
    assert "there are 1 series already" in caplog.text


def test_a_client_that_raises_reaches_nobody_who_logs(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    log.addHandler(CountingHandler(BrokenClient()))  # type: ignore[arg-type]
    log.error("something")
    assert capsys.readouterr().err == ""


def test_threads_lose_no_record(log: logging.Logger) -> None:
    client = MemoryClient()
    log.addHandler(CountingHandler(client))

    def speak() -> None:
        for _ in range(500):
            log.error("again")

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    client.assert_value(RECORDS, 4000, level="error", logger="shop.db")
