"""Runs the fleet engine in whichever worker has the first partition: reads events, writes what follows from them."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from confluent_kafka import Consumer, TopicPartition
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.control_reader import CUT_OFF
from pulsemon_schemas.topics import FLEET_EVENTS

from pulsemon_stream_processors.engine import ControlHistory
from pulsemon_stream_processors.errors import RestoreError, StuckError
from pulsemon_stream_processors.fleet_seat import HOME, FleetSeat, take_over_fleet
from pulsemon_stream_processors.state_log import reader_config
from pulsemon_stream_processors.takeover import Site
from pulsemon_stream_processors.transactions import PartitionWriter

log = logging.getLogger(__name__)

T = TypeVar("T")

READ_RECORDS = 500
READ_SECONDS = 0.2
IDLE_SECONDS = 0.2
CONTROL_POLL_SECONDS = 0.05
CONTROL_SECONDS = 120.0
FETCH_WAIT_MS = 500


class Membership(Protocol):
    """What the fleet needs to know of the group."""

    @property
    def generation(self) -> int:
        """The generation that we are in; 0 before the first."""

    def partitions(self) -> frozenset[int]:
        """The partitions of the metrics topic that are ours in it."""


@dataclass(slots=True)
class _Occupied:
    generation: int
    seat: FleetSeat
    writer: PartitionWriter
    consumer: Consumer
    written_at: float


class FleetWorker:
    """Belongs to one event loop, where the control history must grow too. Ends with the worker that it is a part of.

    Its position is the state that is written with each output, not an offset that the group commits.
    """

    def __init__(self, site: Site, history: ControlHistory, group: Membership, round_seconds: float) -> None:
        self._site = site
        self._history = history
        self._group = group
        self._round_seconds = round_seconds
        self._is_closing = False
        self._occupied: _Occupied | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "fleet")

    def step(self) -> None:
        """To be called again and again. Raises what ended the work; the process must end then."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif self._task.done():
            self._task.result()

    async def close(self) -> None:
        """Ends after the records at hand, with a last state if the fleet is still ours."""
        self._is_closing = True
        if self._task is not None:
            await self._task
        if (occupied := self._occupied) is not None:
            if self._is_ours(occupied) and occupied.seat.has_moved:
                await self._write(occupied)
            await self._leave()

    async def _run(self) -> None:
        while not self._is_closing:
            generation = self._group.generation
            if HOME not in self._group.partitions():
                await self._leave()
                await asyncio.sleep(IDLE_SECONDS)
            elif self._occupied is None or not self._is_ours(self._occupied):
                await self._leave()
                self._occupied = await self._take_over(generation)
            else:
                await self._work(self._occupied)

    def _is_ours(self, occupied: _Occupied) -> bool:
        return occupied.generation == self._group.generation

    async def _take_over(self, generation: int) -> _Occupied:
        taken = await self._in_thread(lambda: take_over_fleet(self._site))
        await self._read_control(taken.control_offset)
        seat = taken.restore(self._site, self._history)
        consumer = await self._in_thread(lambda: self._consumer(seat.engine.resume_offset))
        occupied = _Occupied(generation, seat, taken.writer, consumer, 0.0)
        await self._write(occupied)
        log.info(
            "The fleet is ours in generation %d; it goes on at event %d of %d.",
            generation, seat.engine.resume_offset, taken.end_offset,
        )  # fmt: skip
        return occupied

    async def _work(self, occupied: _Occupied) -> None:
        seat = occupied.seat
        records = await self._in_thread(lambda: _read(occupied.consumer))
        while records:
            count, wanted_control_offset = seat.apply(records)
            records = records[count:]
            if wanted_control_offset is not None:
                await self._read_control(wanted_control_offset)
        is_due = time.monotonic() - occupied.written_at >= self._round_seconds
        if self._is_ours(occupied) and (seat.has_outputs or (is_due and seat.has_moved)):
            await self._write(occupied)

    async def _write(self, occupied: _Occupied) -> None:
        writes = occupied.seat.take_writes()
        await self._in_thread(lambda: occupied.writer.write(writes))
        occupied.written_at = time.monotonic()

    async def _read_control(self, offset: int) -> None:
        """Waits until the worker has read the control log so far: who named the offset had read it."""
        deadline = time.monotonic() + CONTROL_SECONDS
        while self._history.offset < offset:
            if time.monotonic() > deadline:
                raise StuckError(
                    f"events across servers name control offset {offset}, and the control log was read up to "
                    f"{self._history.offset} in {CONTROL_SECONDS:.0f} s; the worker ends, its successor tries again"
                )
            await asyncio.sleep(CONTROL_POLL_SECONDS)

    def _consumer(self, offset: int) -> Consumer:
        changes = {"enable.partition.eof": False, "auto.offset.reset": "error", "fetch.wait.max.ms": FETCH_WAIT_MS}
        consumer = Consumer(reader_config(self._site.kafka, self._site.reader_group) | changes)
        consumer.assign([TopicPartition(self._site.names.name(FLEET_EVENTS.name), HOME, offset)])
        return consumer

    async def _leave(self) -> None:
        if self._occupied is not None:
            consumer, self._occupied = self._occupied.consumer, None
            await self._in_thread(consumer.close)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _read(consumer: Consumer) -> Sequence[LogRecord]:
    """The next records. Raises RestoreError if the topic has not what comes next."""
    found = []
    for message in consumer.consume(READ_RECORDS, READ_SECONDS):
        if (error := message.error()) is None:
            topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
            key, value = message.key(), message.value()
            lacks = key is None, value is None
            found.append(LogRecord(topic, partition, offset, message.timestamp()[1], key or b"", value or b"", *lacks))
        elif error.fatal() or error.code() in CUT_OFF:
            raise RestoreError(
                f"events across servers cannot be read on: {error}. What was decided is kept; the worker ends, its "
                "successor goes on where the topic begins now."
            )
        else:
            log.debug("reading events across servers: %s", error)
    return found
