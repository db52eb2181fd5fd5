"""``bench agent``: what the agent takes from its host, beside two that people know, all at once on this machine.

The agent runs as it is installed, with its default metrics every 10 s against a real broker. Netdata runs at its own
defaults, prometheus-node-exporter is scraped every 10 s; both must be installed (they are Debian packages), a peer that
is not is left out and said so. CPU counts whole process trees, memory is the resident set of them.
"""

import http.client
import logging
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import tree_cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports

log = logging.getLogger(__name__)

PARTITION_COUNT = 4
INTERVAL_SECONDS = 10.0
SETTLE_SECONDS = 30.0
BYTES_PER_MB = 1e6
NODE_EXPORTER = "prometheus-node-exporter"
NETDATA = "netdata"
NETDATA_CONF = """[global]
    run as user = root
[directories]
    cache = {folder}/cache
    lib = {folder}/lib
    log = {folder}/log
    registry = {folder}/lib/registry
[web]
    bind to = 127.0.0.1:{port}
"""
"""All else is as the package has it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The processes that are watched, by the prefix of their figures."""

    pids: Mapping[str, int]
    settle_seconds: float
    watch_seconds: float

    def warm_up(self) -> None:
        """Lets the first ticks pass, in which each learns what there is."""
        time.sleep(self.settle_seconds)

    def measure(self) -> Mapping[str, Measurement]:
        """CPU over a while, memory at its end."""
        before = {prefix: tree_cpu_seconds(pid) for prefix, pid in self.pids.items()}
        started = time.monotonic()
        time.sleep(self.watch_seconds)
        elapsed = time.monotonic() - started
        found = {}
        for prefix, pid in self.pids.items():
            used = tree_cpu_seconds(pid) - before[prefix]
            found[f"{prefix}core_percent"] = Measurement(100 * used / elapsed, "% of a core")
            found[f"{prefix}rss_mb"] = Measurement(_rss_bytes(pid) / BYTES_PER_MB, "MB")
        return found


def _rss_bytes(pid: int) -> int:
    root = psutil.Process(pid)
    return sum(one.memory_info().rss for one in [root, *root.children(recursive=True)])


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[Beside]:
    """A broker, the agent, and the peers that are installed."""
    with ExitStack() as running:
        node = running.enter_context(parts.kafka(folder))
        ensure_topics(node.settings_for("admin"), PARTITION_COUNT)
        environment = {
            **parts.kafka_environment(node.settings_for("agent")),
            "PULSEMON_AGENT_STATE_DIR": str(folder / "agent"),
            "PULSEMON_LOCAL_HOME": str(folder / "home"),
        }
        agent = parts.process(
            [sys.executable, "-m", "pulsemon_deploy.cli", "run", "agent"], environment, folder / "agent.log"
        )
        pids = {"": running.enter_context(agent).pid}
        for name, argv in _peers(folder, running):
            pids[f"peer.{name}."] = running.enter_context(parts.process(argv, {}, folder / f"{name}.log")).pid
        yield Beside(pids, 10.0 if quick else SETTLE_SECONDS, 12.0 if quick else 200.0)


def _peers(folder: Path, running: ExitStack) -> Iterator[tuple[str, Sequence[str]]]:
    exporter_port, netdata_port = free_ports(2)
    if exporter := shutil.which(NODE_EXPORTER):
        running.enter_context(_scraped(exporter_port))
        yield "node_exporter", [exporter, f"--web.listen-address=127.0.0.1:{exporter_port}"]
    if netdata := shutil.which(NETDATA):
        own = folder / "netdata"
        for name in ("cache", "lib/registry", "log"):
            (own / name).mkdir(parents=True)
        conf = own / "netdata.conf"
        conf.write_text(NETDATA_CONF.format(folder=own, port=netdata_port), "utf-8")
        yield "netdata", [netdata, "-D", "-c", str(conf)]
    for name in (NODE_EXPORTER, NETDATA):
        if shutil.which(name) is None:
            log.warning("%s is not installed: its figures are missing; Debian has it as a package.", name)


@contextmanager
def _scraped(port: int) -> Iterator[None]:
    """Reads the exporter's page every 10 s, as Prometheus does; what the reading costs counts for nobody."""
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(INTERVAL_SECONDS):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
                connection.getresponse().read()
            finally:
                connection.close()

    thread = threading.Thread(target=scrape, name="scraper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


BENCH = Bench(prepare, rounds=3, quick_rounds=2, packages=("pulsemon", "confluent-kafka", "psutil"))
