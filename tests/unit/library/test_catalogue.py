"""What the middleware, the log handler and `watch_process` send stands in the catalogue, and all of that is sent."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from pulsemon.logs import CountingHandler
from pulsemon.middleware import WsgiMiddleware
from pulsemon.process import watch_process
from pulsemon.testing import MemoryClient
from pulsemon_schemas.catalogue import METRICS, Metric
from pulsemon_schemas.labels import parse

SOURCE = "service"
BY_NAME = {one.name: one for one in METRICS}
LEVELS = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG, 5)


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    environ["pulsemon.route"] = environ["PATH_INFO"]
    if environ["PATH_INFO"] == "/broken":
        raise KeyError("no such item")
    start(f"{environ['PATH_INFO'][1:]} Words", [])
    return [b"answer"]


def ask(app: Callable[..., Iterable[bytes]], path: str, method: str) -> None:
    """One request, answered to its end."""
    answer = app({"PATH_INFO": path, "REQUEST_METHOD": method}, lambda *_: None)
    list(answer)
    getattr(answer, "close", lambda: None)()


@pytest.fixture
def samples() -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Names and labels of everything that a service sends in which all kinds of things happened."""
    client = MemoryClient()
    watch_process(client)
    app = WsgiMiddleware(application, client)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT", "TRACE", "BREW"):
        ask(app, "/200", method)
    for status in ("/101", "/302", "/404", "/503", "/999"):
        ask(app, status, "GET")
    with pytest.raises(KeyError):
        ask(app, "/broken", "GET")
    handler = CountingHandler(client)
    for level in LEVELS:
        handler.handle(logging.LogRecord("shop.db", level, "", 0, "said", None, None))
    batch = client.snapshot()
    client.assert_nothing_dropped()
    yield [(name, parse(labels)) for name, labels in zip(batch.names, batch.labels, strict=True)]
    client.close()


def problem(known: Metric | None, labels: dict[str, str]) -> str:
    """What is wrong with a series, "" for nothing."""
    if known is None:
        return "not in the catalogue"
    for key, value in labels.items():
        if key not in known.attributes or (known.attributes[key] and value not in known.attributes[key]):
            return f"no label {key}={value}"
    return ""


def test_nothing_is_sent_that_the_catalogue_does_not_have(samples: list[tuple[str, dict[str, str]]]) -> None:
    wrong = [(name, found) for name, labels in samples if (found := problem(BY_NAME.get(name), labels))]

    assert wrong == []


def test_everything_that_the_catalogue_says_of_services_is_sent(samples: list[tuple[str, dict[str, str]]]) -> None:
    sent = {name for name, _ in samples}

    assert [one.name for one in METRICS if one.source == SOURCE and one.name not in sent] == []


def test_every_listed_value_of_a_label_is_sent(samples: list[tuple[str, dict[str, str]]]) -> None:
    sent = {(name, key, value) for name, labels in samples for key, value in labels.items()}
    listed = {
        (one.name, key, value)
        for one in METRICS
        if one.source == SOURCE and one.name in ("http.server.request.duration.count", "log.records")
        for key, values in one.attributes.items()
        for value in values
    }

    assert listed - sent == set()


@pytest.mark.parametrize("suffix", [".count", ".sum", ".bucket"])
def test_totals_of_a_distribution_are_counters_and_the_rest_is_not(suffix: str) -> None:
    metrics = [one for one in METRICS if one.name.startswith("http.server.request.duration.")]

    assert {one.name for one in metrics if one.is_counter} >= {f"http.server.request.duration{suffix}"}
    assert len([one for one in metrics if one.is_counter]) == 3
    assert len(metrics) == 9
