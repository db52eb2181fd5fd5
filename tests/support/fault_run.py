"""Workers over a recorded log, while faults happen to them; at the end everything must be as a replay says."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from pulsemon_deploy.kafka import topic_ids
from support.kafka import Broker
from support.processor import TICK_KEY, Room, WorkerProcess, make_room
from support.recorded_log import Plan, Recording, record
from support.waiting import wait_until

WATCH_SECONDS = 0.1
SLOW_FROM, SLOWER = 0.8, 10.0
SETTINGS = {"tick_seconds": 0, "metrics_seconds": 0, "round_seconds": 3.0, "session_seconds": 6.0}


def recorded_room(broker: Broker, **plan: Any) -> tuple[Room, Recording]:
    """Topics that take the append times of a recording, and the recording; its control log is written."""
    room = make_room(broker, plan.get("partition_count", 4), "recorded")
    topic = room.topic("metrics")
    entry = ConfigEntry("message.timestamp.type", "CreateTime", incremental_operation=AlterConfigOpType.SET)
    admin = broker.admin()
    for future in admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])]
    ).values():
        future.result(20)
    ids = topic_ids(broker.settings, [topic, room.topic("control")])
    seconds = plan.get("seconds", Plan.seconds)
    start_ms = (int(time.time()) - seconds - 3600) // 10 * 10_000
    recording = record(Plan(ids[topic], ids[room.topic("control")], TICK_KEY.encode(), start_ms, **plan))
    room.control(*recording.control)
    return room, recording


class Feeder:
    """Writes a recording in a thread, spread over ``seconds``; the order in each partition is the recording's.

    The last fifth comes ten times slower until ``release``, so that the log still grows when a slow machine is not
    done with the faults.
    """

    def __init__(self, room: Room, recording: Recording, seconds: float) -> None:
        self._room = room
        self._entries = list(recording.entries())
        self._seconds = seconds
        self._thread = threading.Thread(target=self._run, name="feeder")
        self._is_stopped = threading.Event()
        self._is_released = threading.Event()

    @property
    def count(self) -> int:
        return len(self._entries)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def release(self) -> None:
        """The rest of the recording comes at once."""
        self._is_released.set()

    def stop(self) -> None:
        self._is_stopped.set()
        self._is_released.set()
        self._thread.join()

    def _run(self) -> None:
        room, began = self._room, time.monotonic()
        topic, producer = room.topic("metrics"), room.producer
        for index, one in enumerate(self._entries):
            producer.produce(topic, one.value, one.key, one.partition, timestamp=one.append_ms)
            if index % 50 == 0:
                producer.poll(0)
                self._is_released.wait(max(0.0, self._due(index) - (time.monotonic() - began)))
                if self._is_stopped.is_set():
                    return
        room.flush()

    def _due(self, index: int) -> float:
        share = index / self.count
        return self._seconds * (share + (SLOWER - 1) * max(0.0, share - SLOW_FROM))


@dataclass
class Crew:
    """Workers that are started again whenever they end, as the supervisor does; ``exits`` counts how they ended."""

    workers: list[WorkerProcess]
    exits: Counter[int | None] = field(default_factory=Counter)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _resting: set[int] = field(default_factory=set)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        for worker in self.workers:
            worker.start()
        self._thread = threading.Thread(target=self._watch, name="crew")
        self._thread.start()

    def end(self) -> list[int]:
        """SIGTERM to all, one after the other, so that the last one ends with all partitions; their exit codes."""
        self._stop_watching()
        for worker in self.workers:
            if worker.has_ended:
                worker.start()
        return [worker.end() for worker in self.workers]

    def kill(self) -> None:
        self._stop_watching()
        for worker in self.workers:
            worker.kill()

    def rest(self, number: int) -> None:
        """Ends one worker and keeps it out, for a rebalance without a fault; ``call`` brings it back."""
        self._resting.add(number)
        worker = self.workers[number]
        if not worker.has_ended:
            worker.signal(signal.SIGTERM)

    def call(self, number: int) -> None:
        self._resting.discard(number)

    def log(self) -> str:
        return "\n".join(worker.log() for worker in self.workers)

    def _watch(self) -> None:
        while not self._is_over.wait(WATCH_SECONDS):
            for number, worker in enumerate(self.workers):
                if worker.has_ended and number not in self._resting:
                    self.exits[worker.exit_code] += 1
                    worker.start()

    def _stop_watching(self) -> None:
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()


@contextmanager
def running_crew(room: Room, folder: Path, count: int, **changes: Any) -> Iterator[Crew]:
    """Workers that are killed at the end, if they did not end before."""
    settings = {**SETTINGS, **changes}
    crew = Crew([WorkerProcess(room, folder / f"worker-{number}.log", settings) for number in range(count)])
    crew.start()
    try:
        yield crew
    finally:
        crew.kill()


def wait_until_at_work(room: Room, crew: Crew, timeout_seconds: float = 40.0) -> None:
    """Until every partition is somebody's."""
    wanted = [f"Partition {number} is ours" for number in range(room.partition_count)]
    wait_until(lambda: all(one in crew.log() for one in wanted), timeout_seconds, "all partitions")


def kill(crew: Crew, chance: random.Random) -> None:
    """kill -9 of one worker."""
    worker = chance.choice([one for one in crew.workers if not one.has_ended] or crew.workers)
    if not worker.has_ended:
        worker.signal(signal.SIGKILL)


def pause(crew: Crew, chance: random.Random, seconds: float) -> None:
    """SIGSTOP of one worker for longer than its session, then SIGCONT: it goes on as a zombie."""
    worker = chance.choice([one for one in crew.workers if not one.has_ended] or crew.workers)
    if worker.has_ended:
        return
    worker.signal(signal.SIGSTOP)
    time.sleep(seconds)  # it does not run meanwhile: there is nothing to wait for
    worker.signal(signal.SIGCONT)


def rebalance(crew: Crew, chance: random.Random, seconds: float) -> None:
    """One worker leaves and comes back."""
    number = chance.randrange(len(crew.workers))
    crew.rest(number)
    time.sleep(seconds)  # the others have its partitions meanwhile
    crew.call(number)


def run_faults(faults: Sequence[Callable[[], None]], gaps: Callable[[], float], is_over: Callable[[], bool]) -> int:
    """One fault after the other with gaps between them; returns how many happened before the log was at its end."""
    in_time = 0
    for fault in faults:
        time.sleep(gaps())  # faults come at any moment of the work, not when something is done
        in_time += not is_over()
        fault()
    return in_time


def finish(room: Room, crew: Crew, feeder: Feeder, timeout_seconds: float) -> list[int]:
    """Waits until all is applied and committed, and ends the workers; their exit codes."""
    feeder.release()
    wait_until(lambda: feeder.is_done, timeout_seconds, "the recording in the log")
    ends = room.ends()
    wait_until(
        lambda: all(done >= end for done, end in zip(room.committed(), ends, strict=True)),
        timeout_seconds,
        f"commits up to {ends}",
    )
    return crew.end()
