"""Kafka loses the tail of its logs, as after a loss of power, and uses the offsets again: nothing new is swallowed."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.records import ControlRecord
from support.alerts import send, state
from support.clickhouse import Engine
from support.kafka import Broker, running_broker
from support.log_segments import cut_tail
from support.sinks import Place, SinkProcess, batch, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

BEFORE, KEPT, BAD = 10, 6, 8
"""Ten batches are stored; Kafka keeps the first six; the ninth is a bad record."""

BLOCKS = {"flush_samples": 3, "flush_seconds": 0.05}
"""A batch is a block, so that a cut falls between the blocks."""


@dataclass
class Log:
    """One place with one partition, whose logs are cut; ``after`` batches come then."""

    place: Place
    after: int

    def fill(self) -> None:
        for number in range(BEFORE):
            if number == BAD:
                self.place.send_raw(b"web-1", b"bad")
            self.place.send([batch(sequence=number)])
            send(self.place, state(status="critical", offset=number))
            self._register(number)

    def _register(self, number: int) -> None:
        """One server a number, in the control log."""
        name = f"s-{number}"
        one = ControlRecord("server", name, "put", -1, f"c-{number}", "ann", "", "", json.dumps({"name": name}))
        self.place.producer.produce(self.place.topic("control"), codec.encode(one), name, 0)
        self.place.flush()

    def cut(self, broker: Broker) -> None:
        for name in ("metrics", "server-state", "control"):
            assert cut_tail(broker.node.data_folder, self.place.topic(name), 0, KEPT) == KEPT

    def go_on(self) -> None:
        self.place.producer = self.place.broker.producer()
        for number in range(BEFORE, BEFORE + self.after):
            self.place.send([batch(sequence=number)])
            self._register(number)
        send(self.place, state(status="ok", offset=99))

    def check(self) -> None:
        self.place.wait_for("batches", BEFORE + self.after, timeout_seconds=60)
        self.place.wait_for("samples", 3 * (BEFORE + self.after))
        wait_until(lambda: self._newest_state() == [("ok",)], 30, "the state that used an offset again")
        rows = self.place.rows(
            "SELECT first_offset, last_offset, kind FROM {}.sink_ledger "
            f"WHERE topic = '{self.place.topic('metrics')}' AND topic_id LIKE '%/1' ORDER BY first_offset, last_offset"
        )
        assert rows[0] == (KEPT - 1, KEPT - 1, "truncated")
        assert all(following[0] == one[1] + 1 for one, following in pairwise(rows))
        assert rows[-1][1] == KEPT + self.after - 1
        self._check_control()

    def _check_control(self) -> None:
        """What Kafka lost is history; what is in force is what the log says now."""
        numbers = [*range(KEPT), *range(BEFORE, BEFORE + self.after)]
        now = [(offset, f"s-{number}", 0) for offset, number in enumerate(numbers)]
        sql = "SELECT offset, entity_id, void FROM {}.control_log ORDER BY offset"
        wait_until(lambda: self.place.rows(sql) == now, 30, "the control log as it is now")
        first_life = "SELECT entity_id FROM {}.control WHERE topic_id NOT LIKE '%/%' ORDER BY offset"
        assert self.place.rows(first_life) == [(f"s-{number}",) for number in range(BEFORE)]
        registered = self.place.rows("SELECT server_id FROM {}.servers WHERE is_registered")
        assert {name for (name,) in registered} == {name for _, name, _ in now}

    def _newest_state(self) -> list[tuple[object, ...]]:
        return self.place.rows("SELECT status FROM {}.server_state FINAL ORDER BY log_append_time DESC LIMIT 1")


@pytest.fixture(name="broker")
def broker_to_cut(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path) as broker:
        yield broker


def test_what_is_written_after_a_lost_tail_is_stored(broker: Broker, clickhouse: Engine, tmp_path: Path) -> None:
    """A sink that runs all the time; one that looks only when the log has grown past its old end; one started then."""

    def log(after: int) -> Log:
        topics = broker.create_topics("tails", partition_count=1)
        return Log(Place(broker, clickhouse.fresh_database(), topics, partition_count=1), after)

    running, frozen, absent = log(2), log(20), log(20)
    process = SinkProcess(frozen.place, tmp_path / "frozen.log", BLOCKS)
    with ExitStack() as parts:
        parts.callback(process.stop)
        process.start()
        for one in (running, frozen, absent):
            one.fill()
        with running_sink(absent.place, **BLOCKS):
            absent.place.wait_for("batches", BEFORE)
            absent.place.wait_for("control", BEFORE)
        parts.enter_context(running_sink(running.place, **BLOCKS))
        for one in (running, frozen):
            one.place.wait_for("batches", BEFORE, timeout_seconds=40)
            one.place.wait_for("control", BEFORE)
        process.signal(signal.SIGSTOP)
        broker.kill()
        for one in (running, frozen, absent):
            one.cut(broker)
        broker.start()
        for one in (running, frozen, absent):
            one.go_on()
        process.signal(signal.SIGCONT)
        parts.enter_context(running_sink(absent.place, **BLOCKS))
        for one in (running, frozen, absent):
            one.check()
    for one in (running, frozen, absent):
        one.place.store.close()
