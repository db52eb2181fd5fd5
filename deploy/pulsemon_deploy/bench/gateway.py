"""``bench gateway``: what a sample costs on its way over HTTP into the secured log, until the answer says it is there.

One gateway process with keys, validation, limits and rates on; 64 connections, one batch of 48 samples a request, one
request at a time on each. Senders share the machine with gateway and broker, so the rate by the clock is a lower bound.
"""

import asyncio
import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.control import PUT, UNUSED
from pulsemon_schemas.keys import KEY, WRITE_METRICS
from pulsemon_schemas.records import ControlRecord, MetricBatch

from pulsemon_deploy.bench import http_load, parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.control_log import write
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.key_changes import NewSecret, new_key

PARTITIONS = 4
CONNECTIONS = 64
SAMPLES = 48
WARM_UP_REQUESTS = 2000
REQUESTS = 30_000
QUICK_REQUESTS = 15_000
CLIENT_ID = "pulsemon-operator-bench"
UNLIMITED = {"samples_per_second": 1e9, "burst_samples": 1_000_000_000}
MS_PER_SECOND = 1000


@dataclass
class GatewayRounds:
    """Each round sends other batches of the same servers."""

    port: int
    pid: int
    keys: list[NewSecret]
    requests_a_round: int
    _sequence: int = field(default=0, init=False)

    def warm_up(self) -> None:
        """Opens the connections to the broker, and fills the caches of series."""
        self._send(WARM_UP_REQUESTS)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        requests = self._requests(self.requests_a_round)
        cpu_before, began = cpu_seconds(self.pid), time.monotonic()
        answers = uvloop.run(http_load.send(self.port, requests, CONNECTIONS))
        wall_seconds, seconds = time.monotonic() - began, cpu_seconds(self.pid) - cpu_before
        samples = len(requests) * SAMPLES
        return {
            "samples_per_core_second": Measurement(samples / seconds, "1/s"),
            "us_per_request": Measurement(1e6 * seconds / len(requests), "us"),
            "samples_per_second": Measurement(samples / wall_seconds, "1/s"),
            "p50_ms": Measurement(MS_PER_SECOND * statistics.median(answers), "ms"),
            "p99_ms": Measurement(MS_PER_SECOND * statistics.quantiles(answers, n=100)[98], "ms"),
        }

    def _send(self, count: int) -> None:
        asyncio.run(http_load.send(self.port, self._requests(count), CONNECTIONS))

    def _requests(self, count: int) -> list[bytes]:
        """Whole requests: batches of all servers in turn."""
        encoder = BatchEncoder()
        made: list[bytes] = []
        while len(made) < count:
            now_ms = int(time.time() * MS_PER_SECOND)
            made += [
                _request(one, encoder.encode(_batch(one.key.server_id, self._sequence, now_ms))) for one in self.keys
            ]
            self._sequence += 1
        return made[:count]


def _batch(server_id: str, sequence: int, now_ms: int) -> MetricBatch:
    names = tuple(sorted(f"system.metric.{number // 2:03}" for number in range(SAMPLES)))
    labels = tuple("" if number % 2 == 0 else "system.device=sda1" for number in range(SAMPLES))
    values = tuple(sequence + number / 7 for number in range(SAMPLES))
    return MetricBatch(server_id, "agent", f"p-{server_id}", sequence, "", -1, now_ms, now_ms, names, labels, values)


def _request(key: NewSecret, record: bytes) -> bytes:
    head = (
        "POST /api/v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {key.text}\r\nContent-Type: application/vnd.pulsemon.batches+avro\r\n"
        f"Content-Length: {len(record) + 4}\r\n\r\n"
    )
    return head.encode() + len(record).to_bytes(4, "big") + record


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[GatewayRounds]:
    """Starts Kafka and one gateway, with a key for each connection's server."""
    keys = [new_key(f"bench-{number:03}", frozenset({WRITE_METRICS}), None) for number in range(CONNECTIONS)]
    (port,) = free_ports(1)
    with parts.kafka(folder) as node:
        admin = node.settings_for("admin")
        ensure_topics(admin, PARTITIONS)
        write(admin, [_record(one) for one in keys], CLIENT_ID)
        environment = {
            **parts.kafka_environment(node.settings_for("gateway")),
            **{f"PULSEMON_GATEWAY_{name.upper()}": str(value) for name, value in UNLIMITED.items()},
            "PULSEMON_GATEWAY_PORT": str(port),
            "PULSEMON_LOCAL_HOME": str(folder / "home"),
        }
        argv = [sys.executable, "-m", "pulsemon_deploy.cli", "run", "gateway"]
        with parts.process(argv, environment, folder / "gateway.log") as running:
            parts.wait_until(lambda: _is_ready(port), parts.START_SECONDS, "the gateway")
            yield GatewayRounds(port, running.pid, keys, QUICK_REQUESTS if quick else REQUESTS)


def _record(new: NewSecret) -> ControlRecord:
    key_id = new.key.key_id
    return ControlRecord(KEY, key_id, PUT, UNUSED, f"bench-{key_id}", "bench", "", "", json.dumps(new.key.body()))


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
