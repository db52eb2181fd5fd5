"""``bench control``: the control API over a large configuration, 20,000 servers with their states and 300 rules.

A round starts a gateway until it is ready, then asks it from one connection: pages of the list of servers, unfiltered
and with filters that few servers pass; which rule judges a series, and why; edits, each until it is in force.
"""

import base64
import http.client
import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Producer
from pulsemon_schemas.codec import encode
from pulsemon_schemas.control import PUT, SERVER, UNUSED
from pulsemon_schemas.records import ControlRecord, ServerState
from pulsemon_schemas.rules import default_records
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.tokens import OPERATOR_TOKEN, SCOPES
from pulsemon_schemas.topics import SERVER_STATE

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.control_log import write
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.token_changes import NewToken, new_token

SERVERS = 20_000
RULES = 300
PARTITIONS = 4
PAGES, EXPLANATIONS, EDITS = 50, 100, 50
CLIENT_ID = "pulsemon-operator-bench"
METRIC = "system.cpu.utilization"
BYTES_PER_MB = 1e6
MS_PER_SECOND = 1000
FILTERS = ("environment=production", "label=rack%3D7", "status=critical", "q=host-00019999", "region=eu&role=db")


@dataclass
class ControlRounds:
    """Each round is a gateway of its own over the same log."""

    folder: Path
    environment: Mapping[str, str]
    port: int
    token: NewToken

    def warm_up(self) -> None:
        """Lets the broker read the log once."""
        with self._gateway():
            pass

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        began = time.monotonic()
        with self._gateway() as pid:
            ready_seconds = time.monotonic() - began
            parts.wait_until(lambda: self._ask("GET", "/servers?status=ok&limit=1")[0] == 200, 20.0, "the states")
            listed = self._times(PAGES, lambda number: ("GET", _page(number)))
            narrowed = self._times(PAGES, lambda number: ("GET", f"/servers?{FILTERS[number % len(FILTERS)]}"))
            explained = self._times(EXPLANATIONS, lambda number: ("GET", _question(number)))
            edited = self._times(EDITS, lambda number: ("PUT", f"/servers/{_id(number)}"), {"role": "edited"})
            rss_mb = psutil.Process(pid).memory_info().rss / BYTES_PER_MB
        return {
            "ready_seconds": Measurement(ready_seconds, "s"),
            **_figures("list_page", listed),
            **_figures("filtered_list_page", narrowed),
            **_figures("explain", explained),
            **_figures("edit", edited),
            "rss_mb": Measurement(rss_mb, "MB"),
        }

    @contextmanager
    def _gateway(self) -> Iterator[int]:
        argv = [sys.executable, "-m", "pulsemon_deploy.cli", "run", "gateway"]
        with parts.process(argv, self.environment, self.folder / "gateway.log") as running:
            parts.wait_until(lambda: _is_ready(self.port), parts.START_SECONDS, "the gateway")
            yield running.pid

    def _times(self, count: int, request: Callable[[int], tuple[str, str]], item: Any = None) -> list[float]:
        """How long each answer took, in seconds."""
        found = []
        for number in range(count):
            method, path = request(number)
            began = time.perf_counter()
            status, body = self._ask(method, path, item)
            found.append(time.perf_counter() - began)
            assert status == 200, body
        return found

    def _ask(self, method: str, path: str, item: Any = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.token.text}", "Content-Type": "application/json", "If-Match": "*"}
        connection.request(method, f"/api/v1{path}", None if item is None else json.dumps(item), headers)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        finally:
            connection.close()


def _figures(name: str, seconds: Sequence[float]) -> dict[str, Measurement]:
    return {
        f"{name}_p50_ms": Measurement(MS_PER_SECOND * statistics.median(seconds), "ms"),
        f"{name}_p95_ms": Measurement(MS_PER_SECOND * statistics.quantiles(seconds, n=20)[18], "ms"),
    }


def _page(number: int) -> str:
    cursor = _id(SERVERS * number // PAGES)
    return f"/servers?limit=100&cursor={_base64(cursor)}"


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _question(number: int) -> str:
    return f"/rules/explain?server={_id(number * 7)}&metric={METRIC}&labels=cpu.mode%3Duser"


def _id(number: int) -> str:
    return f"host-{number:08}"


def _server(number: int) -> ControlRecord:
    body = {
        "name": f"Host {number}",
        "environment": "production" if number % 100 == 0 else f"stage-{number % 5}",
        "region": ("eu", "us", "ap")[number % 3],
        "role": ("web", "db", "cache", "queue")[number % 4],
        "labels": {"rack": str(number % 500), "team": f"team-{number % 20}"},
    }
    return ControlRecord(SERVER, _id(number), PUT, UNUSED, f"b-{number}", "bench", "", "", json.dumps(body))


def _rule(number: int) -> ControlRecord:
    scope = ({"kind": "role", "value": f"role-{number}"}, {"kind": "server", "value": _id(number * 7)})[number % 2]
    body = {"metric": METRIC, "scope": scope, "levels": {"critical": {"limit": 0.9}}}
    return ControlRecord("rule", f"bench-{number:04}", PUT, UNUSED, f"r-{number}", "bench", "", "", json.dumps(body))


def _state(number: int) -> ServerState:
    status = "critical" if number % 50 == 0 else "ok"
    now_ms = int(time.time() * MS_PER_SECOND)
    return ServerState(_id(number), status, "new", now_ms, now_ms, "", {}, "bench", 0, number, 0)


def _write_states(kafka: KafkaSettings, count: int) -> None:
    producer = Producer({**producer_config(kafka, CLIENT_ID), "log_level": 2})
    for number in range(count):
        producer.produce(SERVER_STATE.name, encode(_state(number)), _id(number).encode())
        producer.poll(0)
    assert producer.flush(60) == 0, "the states are not in the log"


@contextmanager
def prepare(folder: Path, _quick: bool) -> Iterator[ControlRounds]:
    """Starts Kafka and writes the configuration."""
    (port,) = free_ports(1)
    token = new_token("bench", frozenset(SCOPES), None)
    entity = (OPERATOR_TOKEN, token.token.key.key_id)
    with parts.kafka(folder) as node:
        admin = node.settings_for("admin")
        ensure_topics(admin, PARTITIONS)
        servers = [_server(number) for number in range(SERVERS)]
        rules = [_rule(number) for number in range(RULES)]
        first = ControlRecord(*entity, PUT, UNUSED, "token", "bench", "", "", token.body)
        write(admin, [first, *default_records(), *rules, *servers], CLIENT_ID)
        _write_states(admin, len(servers))
        environment = {
            **parts.kafka_environment(node.settings_for("gateway")),
            "PULSEMON_GATEWAY_PORT": str(port),
            "PULSEMON_LOCAL_HOME": str(folder / "home"),
        }
        yield ControlRounds(folder, environment, port, token)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


BENCH = Bench(
    prepare,
    rounds=5,
    quick_rounds=2,
    packages=("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "confluent-kafka"),
)
