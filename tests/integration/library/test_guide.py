"""The service of the guide, the very file, under a real uvicorn with a real Kafka."""

import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulsemon_schemas.labels import parse
from support.embedded_clients import Place, last_values

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
RUNNING = re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)")
ITEMS = range(1, 121)
END_SECONDS = 60

# The file itself sends to pulsemon.metrics; a test has topics of its own.
UVICORN = """
import os, sys
from pulsemon_producers.client.kafka_transport import KafkaTransport

KafkaTransport.__init__.__defaults__ = (os.environ["METRICS_TOPIC"], os.environ["EVENTS_TOPIC"])
sys.argv[1:] = ["shop:app", "--host", "127.0.0.1", "--port", "0"]
from uvicorn import main

main()
"""


def test_the_guide_shows_the_files_that_are_tested() -> None:
    page = (ROOT / "docs" / "guide-fastapi.md").read_text()
    shown = re.findall(r"^```python\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    assert (EXAMPLES / "shop.py").read_text() in shown
    assert (EXAMPLES / "test_shop.py").read_text() in shown


def test_what_the_shop_counted_arrives_when_it_is_told_to_end(place: Place) -> None:
    environment = place.environment() | {"PYTHONPATH": str(EXAMPLES)}
    argv = [sys.executable, "-c", UVICORN]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True, bufsize=1) as server:
        port = port_of(server)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda item: ask(port, "POST", f"/orders/{item}"), ITEMS)) == {200}
        assert ask(port, "GET", "/health") == 200
        assert ask(port, "GET", "/wp-login.php") == 404
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=END_SECONDS)
    assert "Traceback" not in errors

    batches = place.batches()
    assert [batch.sequence for batch in batches] == list(range(len(batches)))

    def total(name: str, **labels: str) -> float:
        found = last_values(batches, name).items()
        return sum(value for (_, text), value in found if labels.items() <= parse(text).items())

    assert total("shop.orders") == len(ITEMS)
    assert total("shop.items") == sum(ITEMS)
    assert total("shop.items", size="large") == sum(item for item in ITEMS if item >= 100)
    assert total("shop.price.duration.count") == len(ITEMS)
    assert total("shop.mail.duration.count") == len(ITEMS), "those that waited were sent before the end"
    assert total("shop.mail.errors", exception="ConnectionError") == len(tenths(ITEMS))
    assert total("log.records", level="warning", logger="shop") == len(tenths(ITEMS))
    duration, route = "http.server.request.duration.count", "http.route"
    assert total(duration, **{route: "/orders/{item}", "http.response.status_class": "2xx"}) == len(ITEMS)
    assert total(duration, **{route: "/health"}) == total(duration, **{route: "other"}) == 1
    assert total("http.server.active_requests") == 0
    assert total("process.memory.usage") > 10_000_000
    assert total("pulsemon.client.dropped") == 0
    assert [event.text for event in sorted(place.events(), key=lambda one: one.occurred_at_ms)] == [
        "The shop opens",
        "The shop closes",
    ]


def test_the_shop_s_own_tests_pass() -> None:
    argv = [sys.executable, "-W", "error", "-c", "import test_shop; test_shop.test_an_order_is_counted()"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=EXAMPLES)
    assert done.returncode == 0, done.stdout + done.stderr


def tenths(items: Iterable[int]) -> list[int]:
    return [item for item in items if item % 10 == 0]


def port_of(server: subprocess.Popen[str]) -> int:
    """Reads the log until the server listens."""
    assert server.stderr is not None
    log = ""
    while not (found := RUNNING.search(log)):
        line = server.stderr.readline()
        assert line, log
        log += line
    return int(found[1])


def ask(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
