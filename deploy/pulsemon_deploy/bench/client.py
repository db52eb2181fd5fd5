"""``bench client``: what a call of the library costs its host, beside those of libraries that people know.

CPU time of the process for each call, its loop included. Each library does what its manual says for a service: a
counter and a gauge whose labels are bound before, where it has that, and a counter found by name and labels at each
call. The client's own thread reads and sends meanwhile, into memory. Imports are measured in fresh interpreters.
"""

import importlib
import itertools
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.transport import Memory

from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench

log = logging.getLogger(__name__)

Call = Callable[[], object]
Calls = Mapping[str, Call]

BATCH = 2000
US_PER_SECOND = 1e6
MS_PER_SECOND = 1e3
CALL_SECONDS = 0.1
QUICK_CALL_SECONDS = 0.04
LOOPBACK = "127.0.0.1"
STARTED = ("worker", "slot", "transports", "kafka_transport")
IMPORTS = {
    "import_ms": ("", "pulsemon"),
    # with all that the first value loads in the background, beyond the two libraries that others load as well
    "import_started_ms": (
        "confluent_kafka, fastavro",
        ", ".join(["pulsemon", *(f"pulsemon_producers.client.{name}" for name in STARTED)]),
    ),
    "peer.prometheus_client.import_ms": ("", "prometheus_client"),
    "peer.datadog.import_ms": ("", "datadog"),
    "peer.opentelemetry.import_ms": ("", "opentelemetry.sdk.metrics"),
}


@dataclass(frozen=True, slots=True)
class Round:
    """Measures every call, and every import, once a round."""

    calls: Calls
    imports: Mapping[str, tuple[str, str]]
    call_seconds: float

    def warm_up(self) -> None:
        """Calls everything some thousand times; the first import may write bytecode, as an installation has it."""
        for call in self.calls.values():
            _cpu_seconds(call)
        for before, modules in self.imports.values():
            import_ms(before, modules)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        found = {key: Measurement(us_per_call(call, self.call_seconds), "us") for key, call in self.calls.items()}
        for key, (before, modules) in self.imports.items():
            found[key] = Measurement(import_ms(before, modules), "ms")
        return found


def us_per_call(call: Call, seconds: float) -> float:
    """CPU time of one call in microseconds, from as many as take ``seconds``."""
    used = 0.0
    batches = 0
    while used < seconds:
        used += _cpu_seconds(call)
        batches += 1
    return US_PER_SECOND * used / (batches * BATCH)


def import_ms(before: str, modules: str) -> float:
    """CPU time that a fresh interpreter takes to import ``modules``, after it has imported ``before``."""
    lines = ["import time", *([f"import {before}"] if before else []), "started = time.process_time()"]
    lines += [f"import {modules}", "print(time.process_time() - started)"]
    argv = [sys.executable, "-c", "\n".join(lines)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return MS_PER_SECOND * float(done.stdout)


def _cpu_seconds(call: Call) -> float:
    again = itertools.repeat(None, BATCH)
    started = time.process_time()
    for _ in again:
        call()
    return time.process_time() - started


@contextmanager
def _ours(folder: Path) -> Iterator[Calls]:
    client = Client("bench", transport=Memory(), runtime_folder=str(folder / "slots"), environ={})
    timer = client.timer("bench.work")

    def timed() -> None:
        with timer:
            pass

    with client:
        bound = client.counter("bench.requests", route="/cart", method="GET").add
        gauge = client.gauge("bench.depth", queue="mail").set
        yield {
            "bound_add_us": bound,
            "bound_set_us": lambda: gauge(2.5),
            "count_us": lambda: client.count("bench.requests", route="/cart", method="GET"),
            "set_us": lambda: client.set("bench.depth", 2.5, queue="mail"),
            "observe_us": lambda: client.observe("bench.sizes", 2.5, route="/cart"),
            "timed_block_us": timed,
        }


@contextmanager
def _prometheus(_folder: Path) -> Iterator[Calls]:
    library: Any = importlib.import_module("prometheus_client")
    registry = library.CollectorRegistry()
    counter = library.Counter("requests", "Requests.", ["route", "method"], registry=registry)
    gauge = library.Gauge("depth", "Depth.", ["queue"], registry=registry).labels(queue="mail")
    yield {
        "bound_add_us": counter.labels(route="/cart", method="GET").inc,
        "bound_set_us": lambda: gauge.set(2.5),
        "count_us": lambda: counter.labels(route="/cart", method="GET").inc(),
    }


@contextmanager
def _datadog(_folder: Path) -> Iterator[Calls]:
    library: Any = importlib.import_module("datadog.dogstatsd.base")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind((LOOPBACK, 0))
        statsd = library.DogStatsd(host=LOOPBACK, port=agent.getsockname()[1], disable_telemetry=True)
        tags = ["route:/cart", "method:GET"]
        yield {
            "bound_add_us": lambda: statsd.increment("bench.requests", tags=tags),
            "bound_set_us": lambda: statsd.gauge("bench.depth", 2.5, tags=tags),
            "count_us": lambda: statsd.increment("bench.requests", tags=["route:/cart", "method:GET"]),
        }
        statsd.stop()


@contextmanager
def _opentelemetry(_folder: Path) -> Iterator[Calls]:
    metrics: Any = importlib.import_module("opentelemetry.sdk.metrics")
    export: Any = importlib.import_module("opentelemetry.sdk.metrics.export")
    provider = metrics.MeterProvider([export.InMemoryMetricReader()])
    meter = provider.get_meter("bench")
    counter, gauge = meter.create_counter("requests"), meter.create_gauge("depth")
    attributes = {"route": "/cart", "method": "GET"}
    yield {
        "bound_add_us": lambda: counter.add(1, attributes),
        "bound_set_us": lambda: gauge.set(2.5, attributes),
        "count_us": lambda: counter.add(1, {"route": "/cart", "method": "GET"}),
    }
    provider.shutdown()


PEERS = {"prometheus_client": _prometheus, "datadog": _datadog, "opentelemetry": _opentelemetry}
"""The libraries by the middle of ``peer.NAME.key``; they come with the extra ``bench``."""


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[Round]:
    """All libraries in this process; a peer that is not installed is left out and said so."""
    imports = dict(IMPORTS)
    with ExitStack() as running:
        calls = dict(running.enter_context(_ours(folder)))
        for name, peer in PEERS.items():
            try:
                found = running.enter_context(peer(folder))
            except ImportError as error:
                log.warning("%s is not measured beside us: %s. Install pulsemon[bench].", name, error)
                imports.pop(f"peer.{name}.import_ms", None)
            else:
                calls |= {f"peer.{name}.{key}": call for key, call in found.items()}
        yield Round(calls, imports, QUICK_CALL_SECONDS if quick else CALL_SECONDS)


BENCH = Bench(prepare, rounds=9, quick_rounds=5, packages=("prometheus_client", "datadog", "opentelemetry-sdk"))
