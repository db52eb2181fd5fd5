"""The long proof of exactness: three workers over six recorded hours, killed, stopped and moved about, under load.

Run it with ``make prove-processor``; it takes about forty minutes. What the workers wrote, and their state at
the end, must be equal by SHA-256 to a replay of the same log without any fault.
"""

import functools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.fault_run import Crew
    from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

STOP_SECONDS = 15.0
AWAY_SECONDS = 8.0
LONGEST_GAP_SECONDS = 8.0
SETTLE_SECONDS = 40.0
SHORTEST_OUTAGE_SECONDS = 120.0
DOWN_SECONDS = 90.0
REPORT_SECONDS = 7.0


@dataclass(frozen=True)
class Scale:
    """How much happens. ``plan`` changes the recording; ``feed_seconds`` is how long it takes to come in."""

    kills: int = 30
    rebalances: int = 6
    stops: int = 20
    workers: int = 3
    feed_seconds: float = 840.0
    busy_processes: int = 2
    plan: dict[str, Any] = field(default_factory=dict)


def test_nothing_that_happens_to_workers_changes_what_they_say(kafka: "Broker", tmp_path: Path) -> None:
    found, figures = prove(kafka, tmp_path, Scale())
    print(f"\n{figures}")
    assert found == []


def prove(broker: "Broker", folder: Path, scale: Scale) -> tuple[list[str], dict[str, Any]]:
    """The differences to a replay, and what the run was like."""
    from support.fault_run import Feeder, finish, recorded_room, run_faults, running_crew, wait_until_at_work
    from support.replay import differences

    chance = random.Random(4)
    room, recording = recorded_room(broker, **scale.plan)
    feeder = Feeder(room, recording, scale.feed_seconds)
    began = time.monotonic()
    with running_crew(room, folder, scale.workers) as crew, load(scale.busy_processes):
        feeder.start()
        wait_until_at_work(room, crew, 90.0)
        faults = list(_faults(scale, crew, chance))
        chance.shuffle(faults)
        in_time = run_faults(faults, lambda: chance.uniform(1.0, LONGEST_GAP_SECONDS), lambda: feeder.is_done)
        finish(room, crew, feeder, scale.feed_seconds + 180.0)
    found = differences(room)
    figures = {
        "seconds": round(time.monotonic() - began),
        "records": feeder.count,
        "alert_events": len(room.alerts()),
        "faults": len(faults),
        "faults_while_the_log_grew": in_time,
        "exits": dict(crew.exits),
        "starts": sum(worker.starts for worker in crew.workers),
        "gaps": crew.log().count("came where"),
        "fenced": crew.log().count("The worker ends: a transaction"),
        "restores": crew.log().count("is ours in generation"),
        "differences": len(found),
    }
    return found, figures


def _faults(scale: Scale, crew: "Crew", chance: random.Random) -> Iterator[Callable[[], None]]:
    from support.fault_run import kill, pause, rebalance

    for _ in range(scale.kills):
        yield functools.partial(kill, crew, chance)
    for _ in range(scale.stops):
        yield functools.partial(pause, crew, chance, STOP_SECONDS)
    for _ in range(scale.rebalances):
        yield functools.partial(rebalance, crew, chance, AWAY_SECONDS)


@contextmanager
def load(count: int) -> Iterator[None]:
    """Processes that do nothing but take CPU time away."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()


@dataclass(frozen=True)
class Outages:
    """How long who is away: each longer than the limit of absence, which is what matters."""

    processor_seconds: float = 600.0
    broker_seconds: float = 300.0

    def scaled(self, share: float) -> "Outages":
        """The same, shorter; never so short that nobody could be called down."""
        return Outages(
            max(SHORTEST_OUTAGE_SECONDS, self.processor_seconds * share),
            max(SHORTEST_OUTAGE_SECONDS, self.broker_seconds * share),
        )


def test_nobody_is_called_down_who_is_not_and_whoever_is_is_told_in_time(tmp_path: Path) -> None:
    """The processor is away for ten minutes, then the broker for five; then a server really dies.

    ``PULSEMON_PROVE_SCALE`` makes the outages shorter, for a quick look.
    """
    prove_outages(tmp_path, Outages().scaled(float(os.environ.get("PULSEMON_PROVE_SCALE", "1"))))


def prove_outages(tmp_path: Path, outages: Outages) -> None:
    from pulsemon_schemas.rules import default_records
    from support.fault_run import running_crew
    from support.fleet import Fleet
    from support.kafka import running_broker
    from support.processor import make_room
    from support.replay import differences
    from support.waiting import wait_until

    with running_broker(tmp_path) as broker:
        room = make_room(broker)
        room.control(*default_records())
        settings = {"tick_seconds": 5.0, "metrics_seconds": 10.0, "round_seconds": 20.0}
        with running_crew(room, tmp_path, 1, **settings) as crew, Fleet(room, servers=8) as fleet:
            wait_until(lambda: len(fleet.statuses()) == 8, 60, "the status of every server")
            crew.rest(0)
            time.sleep(outages.processor_seconds)  # it is away meanwhile: there is nothing to wait for
            crew.call(0)
            time.sleep(SETTLE_SECONDS)
            broker.kill()
            time.sleep(outages.broker_seconds)
            broker.start()
            time.sleep(SETTLE_SECONDS)
            back_at = time.monotonic()
            assert fleet.absences() == [], "somebody was called stale or down who was not"
            fleet.silence("server-0")
            wait_until(lambda: ("server-0", "warning") in fleet.absences(), 2 * DOWN_SECONDS, "the dead server")
            took = time.monotonic() - back_at
            assert {server_id for server_id, _ in fleet.absences()} == {"server-0"}
            fleet.stop()
            crew.end()
        print(f"\n{outages}: reported {took:.1f} s after it fell silent, exits {dict(crew.exits)}")
        assert took <= DOWN_SECONDS + REPORT_SECONDS
        assert differences(room) == []
