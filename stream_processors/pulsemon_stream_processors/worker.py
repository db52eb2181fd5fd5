"""Applies what the group fetches, partition by partition, and writes what follows from it in one transaction each."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.control_reader import PARTITION as CONTROL_PARTITION
from pulsemon_schemas.runtime.control_reader import ControlReader
from pulsemon_schemas.topics import CONTROL, METRICS

from pulsemon_stream_processors.collector_pause import collector_paused
from pulsemon_stream_processors.engine import ControlHistory, OffsetGapError
from pulsemon_stream_processors.engine.counters import Counters
from pulsemon_stream_processors.errors import RestoreError
from pulsemon_stream_processors.group import Group, Incoming
from pulsemon_stream_processors.log_range import log_range
from pulsemon_stream_processors.owned_partition import OwnedPartition
from pulsemon_stream_processors.progress import PartitionProgress, Progress
from pulsemon_stream_processors.takeover import Site, Takeover, take_over
from pulsemon_stream_processors.transactions import PartitionWriter, Write

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_THREADS = 16
CONTROL_SECONDS = 2.0
"""After so long it is asked whether the record that is waited for exists."""
CONTROL_POLL_SECONDS = 0.01


@dataclass(slots=True)
class _Seat:
    owned: OwnedPartition
    writer: PartitionWriter


class Worker:
    """Belongs to one event loop. Its methods raise PermanentError, after which the process must end.

    One lock: while a batch is applied and written nothing else touches an engine, and a round holds it for one slice
    at a time. Engines are touched by other threads only while the loop waits for them under the lock.
    """

    def __init__(self, site: Site, reader: ControlReader, group: Group, progress: Progress) -> None:
        self.history = ControlHistory(site.partition_count)
        self._site = site
        self._reader = reader
        self._group = group
        self._progress = progress
        self._seats: dict[int, _Seat] = {}
        self._is_closing = False
        self._lock = asyncio.Lock()
        self._threads = ThreadPoolExecutor(min(MAX_THREADS, site.partition_count), "partition")

    def take_control(self) -> None:
        """Takes what the reader of the control log has, unless engines are at work, which do it when they need it."""
        if not self._lock.locked():
            self._reader.deliver(self.history)

    def close(self) -> None:
        """Applies nothing from now on, so that the last rounds are the last word."""
        self._is_closing = True

    async def process(self, batch: Sequence[Incoming]) -> None:
        """Applies a batch and commits its outputs. Records of an older generation come again, to whomever."""
        async with self._lock:
            if self._is_closing:
                return
            generation = self._group.generation
            logs = _by_partition(batch, generation)
            await self._sit_down(logs.keys(), generation)
            if self._group.generation != generation:
                return
            for partition, records in logs.items():
                await self._apply(self._seats[partition].owned, records)
            await asyncio.gather(*[self._write(self._seats[partition]) for partition in logs])
            self._tell(logs)

    async def round(self, partition: int, slice_servers: int) -> None:
        """Writes the state of a partition: changed servers in slices, then its record, then the group's offset.

        A server may be newer than the record: its own cover says so, and its outputs up to that are committed.
        """
        began = time.perf_counter()
        async with self._lock:
            seat = self._seat(partition)
            if seat is None or seat.owned.committed == seat.owned.engine.cover:
                return
            record, server_ids = seat.owned.freeze()
        for start in range(0, len(server_ids), slice_servers):
            if not await self._write_slice(partition, seat, server_ids[start : start + slice_servers]):
                return
        async with self._lock:
            if self._seat(partition) is not seat:
                return
            await self._in_thread(lambda: seat.writer.write([seat.owned.record(record)]))
        if await self._group.commit(partition, record["cover"] + 1):
            seat.owned.committed = record["cover"]
        one = self._progress.of(partition)
        one.rounds += 1
        one.round_seconds = time.perf_counter() - began

    async def _write_slice(self, partition: int, seat: _Seat, server_ids: Sequence[str]) -> bool:
        """False if the partition is not ours any more."""
        async with self._lock:
            if self._seat(partition) is not seat:
                return False
            began = time.perf_counter()
            await self._in_thread(lambda: seat.writer.write(seat.owned.snapshots(server_ids)))
            one = self._progress.of(partition)
            one.snapshots += len(server_ids)
            one.longest_slice_seconds = max(one.longest_slice_seconds, time.perf_counter() - began)
            return True

    def _seat(self, partition: int) -> _Seat | None:
        """The partition, if it is ours in the generation that is now."""
        seat = self._seats.get(partition)
        return seat if seat is not None and seat.owned.generation == self._group.generation else None

    async def _sit_down(self, partitions: Iterable[int], generation: int) -> None:
        """Makes these partitions ours. After every rebalance from what is committed: another may have had them."""
        self._seats = {number: seat for number, seat in self._seats.items() if seat.owned.generation == generation}
        missing = [partition for partition in partitions if partition not in self._seats]
        await asyncio.gather(*[self._take_over(partition, generation) for partition in missing])

    async def _take_over(self, partition: int, generation: int) -> None:
        with collector_paused():
            taken = await self._in_thread(lambda: take_over(self._site, partition))
            await self._read_control(taken.control_offset)
            owned = await self._in_thread(lambda: taken.restore(self._site, self.history, generation))
        self._seats[partition] = _Seat(owned, taken.writer)
        self._tell_restored(owned, taken)

    def _tell_restored(self, owned: OwnedPartition, taken: Takeover) -> None:
        one = self._progress.of(owned.partition)
        one.restores += 1
        one.restore_seconds = time.perf_counter() - taken.began
        one.next_offset = owned.engine.cover + 1
        log.info(
            "Partition %d is ours in generation %d: %d servers from %d records of state in %.2f s, "
            "goes on at offset %d, outputs are known up to %d.",
            owned.partition, owned.generation, len(owned.engine.server_ids), taken.state_records, one.restore_seconds,
            one.next_offset, owned.emitted,
        )  # fmt: skip

    async def _apply(self, owned: OwnedPartition, records: Sequence[LogRecord]) -> None:
        while records:
            try:
                count, wanted_control_offset = owned.apply(records)
            except OffsetGapError as gap:
                records = [record for record in records if record.offset > owned.engine.cover]
                await self._pass_hole(owned, gap)
                continue
            records = records[count:]
            if wanted_control_offset is not None:
                await self._read_control(wanted_control_offset)

    async def _pass_hole(self, owned: OwnedPartition, gap: OffsetGapError) -> None:
        """Passes over what the log does not have any more; raises ``gap`` if it has the record that did not come."""
        first_offset, _ = await self._in_thread(lambda: self._log_range(METRICS.name, owned.partition))
        if first_offset <= gap.expected_offset:
            raise gap
        log.error(
            "Partition %d begins at offset %d, and %d was to be next: retention has passed by what was not processed. "
            "Open alerts become unknown.", owned.partition, first_offset, gap.expected_offset,
        )  # fmt: skip
        owned.skip_to(first_offset)

    async def _read_control(self, offset: int) -> None:
        """Waits until the control log is read up to an offset that a Tick has named."""
        next_look = time.monotonic() + CONTROL_SECONDS
        while True:
            self._reader.deliver(self.history)
            if self.history.offset >= offset:
                return
            if time.monotonic() > next_look:
                next_look += CONTROL_SECONDS
                await self._check_control_reaches(offset)
            await asyncio.sleep(CONTROL_POLL_SECONDS)

    async def _check_control_reaches(self, offset: int) -> None:
        _, end = await self._in_thread(lambda: self._log_range(CONTROL.name, CONTROL_PARTITION))
        if end <= offset:
            raise RestoreError(
                f"a Tick names offset {offset} of the control log, which ends before {end}: this is not the log that "
                "the metrics were processed with. Nothing was changed. Restore the control log from a backup, then "
                "start the processor again."
            )

    def _log_range(self, topic: str, partition: int) -> tuple[int, int]:
        return log_range(self._site.kafka, self._site.reader_group, self._site.names.name(topic), partition)

    async def _write(self, seat: _Seat) -> None:
        count, seconds = await self._in_thread(lambda: _transact(seat))
        if not count:
            return
        one = self._progress.of(seat.owned.partition)
        one.transactions += 1
        one.outputs += count
        one.longest_transaction_seconds = max(one.longest_transaction_seconds, seconds)

    def _tell(self, logs: Mapping[int, Sequence[LogRecord]]) -> None:
        now_ms = time.time() * 1000
        for partition, records in logs.items():
            one, engine = self._progress.of(partition), self._seats[partition].owned.engine
            if engine.counters.failures > one.failures:
                log.error(
                    "Partition %d: something failed %d times at records up to offset %d. Each changed nothing; the "
                    "events of type not_applied say what it was, and the batches are in the dead letter.",
                    partition, engine.counters.failures - one.failures, engine.cover,
                )  # fmt: skip
            one.failures = engine.counters.failures
            tell_failing_rules(partition, one, engine.counters)
            one.applied += len(records)
            one.dead_letters = engine.counters.dead_letters
            one.next_offset = engine.cover + 1
            one.append_time_ms = records[-1].append_time_ms
            one.lag_seconds = max(0.0, (now_ms - one.append_time_ms) / 1000)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def tell_failing_rules(partition: int, one: PartitionProgress, counters: Counters) -> None:
    """Once for each version of a rule, also if the partition is restored meanwhile."""
    one.rule_errors = counters.rule_errors
    for (rule_id, version), problem in counters.failing_rules.items():
        if (rule_id, version) in one.failing_rules:
            continue
        one.failing_rules.add((rule_id, version))
        log.error(
            "Partition %d: rule %s, version %d, has begun to fail: %s. Where it failed it judges nothing before it is "
            "edited; all other rules go on. The events of type rule_error say where that is.",
            partition, rule_id, version, problem,
        )  # fmt: skip


def _transact(seat: _Seat) -> tuple[int, float]:
    writes: list[Write] = seat.owned.take_writes()
    return len(writes), seat.writer.write(writes) if writes else 0.0


def _by_partition(batch: Iterable[Incoming], generation: int) -> dict[int, list[LogRecord]]:
    logs: defaultdict[int, list[LogRecord]] = defaultdict(list)
    for fetched_in, record in batch:
        if fetched_in == generation:
            logs[record.partition].append(record)
    return logs
