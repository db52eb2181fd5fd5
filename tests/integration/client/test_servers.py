"""Real servers with real workers, under gevent and without."""

import http.client
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, Popen

import pytest
from support.embedded_clients import Place, last_values

pytestmark = pytest.mark.kafka

REQUESTS = 100
MAX_REQUESTS = 5000
WORKERS = 4
LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")


@pytest.mark.parametrize("kind", ["gthread", "gevent"])
def test_four_workers_of_gunicorn_count_every_request_once(place: Place, kind: str) -> None:
    options = ["--preload", "--workers", str(WORKERS), "--worker-class", kind, "--bind", "127.0.0.1:0"]
    argv = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "support.services.web:app"]
    with Popen(argv, env=place.environment(), stdout=PIPE, stderr=PIPE, text=True, bufsize=1) as server:
        assert server.stderr is not None
        log = ""
        while not (found := LISTENING.search(log)):
            line = server.stderr.readline()
            assert line, log
            log += line
        asked, pids = 0, set[str]()
        with ThreadPoolExecutor(8) as pool:
            # a worker of gunicorn that is ended while it begins does not end: each must have answered
            while len(pids) < WORKERS and asked < MAX_REQUESTS:
                pids |= set(pool.map(ask, [int(found[1])] * REQUESTS))
                asked += REQUESTS
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)

    assert server.returncode == 0, log + errors
    assert "Traceback" not in log + errors
    counted = last_values(place.batches(), "shop.requests")
    assert sum(counted.values()) == asked
    assert {labels for _, labels in counted} == {f"instance={number},service=shop" for number in range(WORKERS)}


def ask(port: int) -> str:
    """The process that answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def test_greenlets_count_and_are_never_kept_waiting(place: Place) -> None:
    longest = float(place.run("greenlets", "200", "10"))

    assert sum(last_values(place.batches(), "shop.hits").values()) == 50 * 200
    assert sum(last_values(place.batches(), "shop.work.count").values()) == 50 * 200
    assert longest < 1.0
