"""The agent as a whole while its host sleeps, or somebody sets the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pulsemon_producers.agent import Agent, assemble
from pulsemon_producers.backlogs import open_backlog
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.schedule import phase_ms
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.tally import Tally
from pulsemon_schemas.records import MetricBatch
from unit.producers.doubles import Log, Steady

INTERVAL_SECONDS = 10
START = 1_780_000_000
"""A multiple of the interval."""
SERVER_ID = "web-1"
PHASE_SECONDS = phase_ms(SERVER_ID, INTERVAL_SECONDS * 1000) / 1000


@dataclass
class Clocks:
    """Both clocks of a host. Neither moves by itself."""

    wall: float = START + PHASE_SECONDS
    monotonic: float = 1000.0

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def suspend(self, seconds: float) -> None:
        """The monotonic clock stands still while a machine sleeps."""
        self.wall += seconds


class Machine:
    """An agent on a host whose clocks a test moves; started again it goes on with the same state folder."""

    def __init__(self, folder: Path) -> None:
        self.clocks = Clocks()
        self._folder = folder
        self._agents: list[Agent] = []
        self.start()

    def start(self) -> None:
        clocks = self.clocks
        host = Host(monotonic_seconds=lambda: clocks.monotonic, wall_seconds=lambda: clocks.wall)
        settings = AgentSettings(SERVER_ID, INTERVAL_SECONDS, self._folder)
        tally = Tally()
        self.agent = assemble(settings, open_backlog(settings, tally), tally, host, [Steady(host)])
        self._agents.append(self.agent)

    def tick(self) -> MetricBatch | None:
        """What one step collects; None if nothing was due."""
        self.agent.step()
        if not self.agent.backlog.fill().samples:
            return None
        batch = self.agent.backlog.take()
        self.agent.backlog.done()
        return batch

    def close(self) -> None:
        for agent in self._agents:
            agent.crew.close(1.0)
            agent.backlog.end()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.close()


def second(batch: MetricBatch | None) -> float:
    """When a batch was recorded, in seconds since the start."""
    assert batch is not None
    return batch.recorded_at_ms / 1000 - START


def missed(batch: MetricBatch | None) -> float:
    assert batch is not None
    samples = zip(batch.names, batch.labels, batch.values, strict=True)
    return next(
        value
        for name, labels, value in samples
        if (name, labels) == ("pulsemon.agent.collect.missed", "collector=agent")
    )


def test_what_the_other_side_tells_of_the_clock_is_sent_once_a_minute(machine: Machine) -> None:
    log = Log()
    machine.agent.publisher = log
    told = []
    for skew_seconds in (None, None, *[1.5] * 11):
        log.clock_skew_seconds = skew_seconds
        batch = machine.tick()
        assert batch is not None
        told.append(dict(zip(batch.names, batch.values, strict=True)).get("system.clock.skew"))
        machine.clocks.run(INTERVAL_SECONDS)

    assert {at: skew for at, skew in enumerate(told) if skew is not None} == {2: 1.5, 8: 1.5}


def test_ticks_are_multiples_of_the_interval_at_the_phase_of_the_host(machine: Machine) -> None:
    stamps = [second(machine.tick())]
    for _ in range(5):
        machine.clocks.run(machine.agent.step())
        stamps.append(second(machine.tick()))

    assert stamps == [0, 10, 20, 30, 40, 50]
    assert machine.clocks.wall == pytest.approx(START + 50 + PHASE_SECONDS)


def test_it_waits_until_its_phase_and_collects_nothing_before(machine: Machine) -> None:
    machine.tick()
    machine.clocks.run(INTERVAL_SECONDS - 0.002)

    assert machine.tick() is None
    machine.clocks.run(0.002)
    assert second(machine.tick()) == 10


def test_after_a_suspend_the_present_tick_is_collected_and_none_counts_as_missed(machine: Machine) -> None:
    machine.tick()
    machine.clocks.run(3)
    machine.clocks.suspend(8 * 3600)
    batch = machine.tick()

    assert second(batch) == 8 * 3600
    assert missed(batch) == 0
    machine.clocks.run(INTERVAL_SECONDS)
    assert second(machine.tick()) == 8 * 3600 + 10


def test_ticks_that_pass_while_the_machine_runs_are_missed(machine: Machine) -> None:
    machine.tick()
    machine.clocks.run(45)
    batch = machine.tick()

    assert second(batch) == 40
    assert missed(batch) == 3


def test_a_clock_that_is_set_forward_skips_and_one_that_is_set_back_repeats_nothing(machine: Machine) -> None:
    machine.tick()
    machine.clocks.suspend(3600)
    machine.clocks.run(INTERVAL_SECONDS)
    assert second(machine.tick()) == 3610

    machine.clocks.suspend(-3600)
    machine.clocks.run(INTERVAL_SECONDS)
    assert second(machine.tick()) == 20, "a present that was never used is collected, though its clock was wrong"
    machine.clocks.suspend(-20)
    assert machine.tick() is None, "a moment that was used is not used again"


def test_a_restart_repeats_no_moment_even_if_the_clock_went_back_meanwhile(machine: Machine) -> None:
    machine.tick()
    machine.clocks.run(INTERVAL_SECONDS)
    machine.tick()
    machine.clocks.suspend(-INTERVAL_SECONDS)

    machine.start()

    assert machine.tick() is None
    machine.clocks.run(INTERVAL_SECONDS)
    assert machine.tick() is None
    machine.clocks.run(INTERVAL_SECONDS)
    assert second(machine.tick()) == 20
