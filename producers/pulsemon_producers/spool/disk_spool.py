"""The queue between collecting and sending that is on the disk first."""

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.backlog import Fill
from pulsemon_producers.batches import Sealer, unnumbered
from pulsemon_producers.drafts import Draft, as_draft
from pulsemon_producers.spool import record
from pulsemon_producers.spool.flusher import Flusher
from pulsemon_producers.spool.recovery import Entry, Recovered, readable
from pulsemon_producers.spool.segments import Segments
from pulsemon_producers.spool.state import Mark, Numbered, SpoolState, SpoolStateFile
from pulsemon_producers.tally import QUEUE_FULL, SPOOL_DAMAGED, SPOOL_FULL, Tally

log = logging.getLogger(__name__)

WINDOW = 32
"""At most so many batches have a number and wait for their acknowledgement: these are never dropped."""
NUMBERED_SHARE = 4
"""Beyond this share of the spool batches are written without a number, so that they can be dropped."""


class Unwritten(NamedTuple):
    """A record that the disk did not take."""

    before: Mark
    samples: int
    record: bytes


class DiskSpool:
    """The ``Backlog`` of an agent with a state folder. See docs/agent.md for what it promises, and when it syncs.

    Batches are numbered as they are written while hardly anything waits; then the number is part of the record, and no
    crash separates them. What comes while more waits is written without a number and gets it when its turn is near, in
    groups, each written to the state and synced before it is sent: so what is dropped leaves no hole in the sequence.
    """

    def __init__(
        self,
        recovered: Recovered,
        segments: Segments,
        state_file: SpoolStateFile,
        sealer: Sealer,
        tally: Tally,
        max_unwritten_samples: int,
        interval_ms: int,
    ) -> None:
        self._state = recovered.state
        self._numbered = deque(recovered.numbered)
        self._segments = segments
        self._state_file = state_file
        self._sealer = sealer
        self._tally = tally
        self._max_unwritten_samples = max_unwritten_samples
        self._interval_ms = interval_ms
        self._encoder = BatchEncoder()
        self._flusher = Flusher(self._flush)
        self._unwritten: deque[Unwritten] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_failing = False
        self._is_full = False

    @property
    def keeps(self) -> bool:
        """As ``Backlog.keeps``."""
        return not self._unwritten

    def put(self, draft: Draft) -> None:
        """As ``Backlog.put``. While something else waits, what is put is brought to the disk soon after."""
        with self._changed:
            is_late = bool(self._numbered) and self._numbered[0].batch.recorded_at_ms < draft.recorded_at_ms
            if self._has_place(draft):
                self._put(draft)
            self._changed.notify_all()
            if is_late or self._has_waiting:
                self._flusher.want()

    def take(self) -> MetricBatch | None:
        """As ``Backlog.take``; waits for the disk when it has given numbers to a group."""
        is_new_group = False
        with self._changed:
            while not self._numbered:
                self._changed.wait_for(lambda: self._numbered or self._has_waiting or self._is_closed)
                if not self._numbered and not self._has_waiting:
                    return None
                if not self._numbered:
                    self._number_group()
                    is_new_group = True
            batch = self._numbered[0].batch
        if is_new_group:
            # Only what is known to have this number for ever may be sent with it.
            self._state_file.sync()
        return batch

    def take_more(self, count: int) -> list[MetricBatch]:
        """As ``Backlog.take_more``: those that have a number already, which is at most ``WINDOW``."""
        with self._changed:
            return [entry.batch for entry in islice(self._numbered, 1, 1 + count)]

    def done(self) -> None:
        """As ``Backlog.done``."""
        with self._changed:
            self._state = replace(self._state, done=self._numbered.popleft().serial)
            self._is_full = self._is_full and self._has_waiting
            self._save(is_synced=False)
            self._free()

    def close(self) -> None:
        """As ``Backlog.close``."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def end(self) -> None:
        """As ``Backlog.end``."""
        self._flusher.end()
        with self._changed:
            self._save(is_synced=True)
            self._segments.close()
            self._state_file.close()

    def fill(self) -> Fill:
        """As ``Backlog.fill``."""
        with self._changed:
            waiting = self._state.put.samples - self._state.passed.samples
            numbered = [entry.batch for entry in self._numbered]
            memory_bytes = sum(8 * len(batch.values) for batch in numbered) + sum(
                len(one.record) for one in self._unwritten
            )
            return Fill(
                sum(len(batch.values) for batch in numbered) + waiting,
                memory_bytes,
                numbered[0].recorded_at_ms if numbered else None,
                self._segments.size_bytes if numbered or waiting else 0,
            )

    @property
    def _has_waiting(self) -> bool:
        """True if a record has no number yet."""
        return self._state.passed.serial < self._state.put.serial

    def _has_place(self, draft: Draft) -> bool:
        """False if the disk has failed for so long that the memory is full as well; then this draft is dropped."""
        if not self._unwritten:
            return True
        waiting = sum(one.samples for one in self._unwritten)
        if waiting + len(draft) <= self._max_unwritten_samples or self._flush_unwritten():
            return True
        self._tally.drop(QUEUE_FULL, len(draft))
        return False

    def _put(self, draft: Draft) -> None:
        is_numbered = self._may_number()
        unreported = self._tally.unreported()
        batch = self._sealer.seal(draft, 0, self._tally.take_unreported()) if is_numbered else None
        before = self._state.put
        written = batch or unnumbered(draft, self._sealer.server_id, self._sealer.source)
        data = record.encode(before.serial + 1, before.samples, written, self._encoder)
        has_room = self._make_room(len(data))
        if not has_room and batch is None:
            self._tally.drop(SPOOL_FULL, len(draft))
            return
        # What is about to be put is in the state first: should the record be lost, it is known how much it held.
        put = Mark(before.serial + 1, before.samples + len(draft))
        used = self._state.used.adding(draft.recorded_at_ms, self._interval_ms)
        self._state = replace(self._state, put=put, used=used)
        self._save(is_synced=False, unreported=unreported if batch else None)
        is_written = has_room and self._write(before, data)
        if batch is None:
            if not is_written:
                self._unwritten.append(Unwritten(before, len(draft), data))
            return
        self._numbered.append(Entry(put.serial, batch))
        self._pass(put, counted=put.serial)

    def _may_number(self) -> bool:
        is_small = self._segments.size_bytes * NUMBERED_SHARE <= self._segments.max_bytes
        return not self._has_waiting and len(self._numbered) < WINDOW and is_small

    def _number_group(self) -> None:
        """Gives numbers to what comes next, and counts as lost what should have come and is not there."""
        coming = list(islice(readable(self._next_records()), WINDOW))
        for found, _ in coming:
            self._tally.drop(SPOOL_DAMAGED, max(0, found.samples_before - self._state.passed.samples))
            self._pass(Mark(found.serial, found.samples_through))
        if not coming:
            self._tally.drop(SPOOL_DAMAGED, max(0, self._state.put.samples - self._state.passed.samples))
            self._pass(self._state.put)
        group: list[Entry] = []
        for found, spooled in coming:
            entry = Entry(found.serial, spooled)
            # without its state a spool finds batches here that were numbered long ago
            if not spooled.producer_id:
                sealed = self._sealer.seal(as_draft(spooled), 0, self._tally.take_unreported())
                entry = Entry(found.serial, replace(sealed, server_id=spooled.server_id))
                group.append(entry)
            self._numbered.append(entry)
        if group:
            self._state = replace(self._state, group=_numbered(group))
        while self._unwritten and self._unwritten[0].before.serial < self._state.passed.serial:
            self._unwritten.popleft()
        self._save(is_synced=False)

    def _next_records(self) -> Iterator[record.Found]:
        after = self._state.passed.serial
        in_memory = chain.from_iterable(record.scan(one.record) for one in list(self._unwritten))
        return chain(self._on_disk(after), (found for found in in_memory if found.serial > after))

    def _on_disk(self, after: int) -> Iterator[record.Found]:
        try:
            yield from self._segments.read(after)
        except OSError as error:
            self._tell_failing("read", error)

    def _make_room(self, count_bytes: int) -> bool:
        """Drops the oldest that have no number until there is room. False if even that is not enough."""
        while not self._segments.has_room(count_bytes):
            if not self._has_waiting or self._unwritten:
                return False
            end = self._segments.end_of_oldest(self._state.passed.serial)
            if end is None:
                end = self._state.put
                self._segments.begin_new(end)
            self._tally.drop(SPOOL_FULL, end.samples - self._state.passed.samples)
            self._tell_full()
            self._pass(end)
            self._save(is_synced=True)
            self._free()
        return True

    def _free(self) -> None:
        """Deletes files in which nothing is needed any longer."""
        finished = self._segments.finished(self._state.passed.serial, [entry.serial for entry in self._numbered])
        if finished:
            # a state from before would miss them, and take them for lost
            self._save(is_synced=True)
            try:
                self._segments.remove(finished)
            except OSError as error:
                self._tell_failing("delete from", error)

    def _write(self, before: Mark, data: bytes) -> bool:
        if not self._flush_unwritten():
            return False
        try:
            self._segments.append(data, before)
        except OSError as error:
            self._tell_failing("write to", error)
            return False
        self._is_failing = False
        return True

    def _flush_unwritten(self) -> bool:
        while self._unwritten:
            one = self._unwritten[0]
            try:
                self._segments.append(one.record, one.before)
            except OSError:
                return False
            self._unwritten.popleft()
        return True

    def _flush(self) -> None:
        """Brings all records to the disk. Waits for it without the lock, on a thread of its own."""
        try:
            with self._changed:
                handle = self._segments.duplicate()
            if handle is not None:
                try:
                    os.fdatasync(handle)
                finally:
                    os.close(handle)
        except OSError as error:
            self._tell_failing("flush", error)

    def _pass(self, mark: Mark, counted: int | None = None) -> None:
        self._state = replace(self._state, passed=mark, counted=self._state.counted if counted is None else counted)

    def _save(self, *, is_synced: bool, unreported: "dict[str, int] | None" = None) -> None:
        self._state = replace(
            self._state,
            producer_id=self._sealer.last.producer_id,
            sequence=self._sealer.last.sequence,
            numbered_samples=sum(len(entry.batch.values) for entry in self._numbered),
            unreported=self._tally.unreported() if unreported is None else unreported,
        )
        self._state_file.save(self._state, is_synced=is_synced)

    def _tell_full(self) -> None:
        if not self._is_full:
            log.warning(
                "The spool is full at %d bytes: from now on the oldest batches are dropped, counted as %s. The newer "
                "ones are sent when the other side takes batches again; spool_bytes may be larger.",
                self._segments.max_bytes,
                SPOOL_FULL,
            )
        self._is_full = True

    def _tell_failing(self, what: str, error: OSError) -> None:
        if not self._is_failing:
            log.warning(
                "Cannot %s the spool (%s). Batches are kept in memory up to buffer_samples and sent as before; free or "
                "mend the disk, else what waits when the agent ends is lost.",
                what,
                error,
            )
        self._is_failing = True


def _numbered(group: list[Entry]) -> Numbered:
    first = group[0].batch
    return Numbered(
        producer_id=first.producer_id,
        previous_producer_id=first.previous_producer_id,
        previous_sequence=first.previous_sequence,
        sequence=first.sequence,
        serials=tuple(entry.serial for entry in group),
        dropped=first.dropped,
    )


__all__ = ["WINDOW", "DiskSpool", "SpoolState"]
