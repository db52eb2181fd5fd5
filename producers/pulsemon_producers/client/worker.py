"""The thread of a client: reads the instruments at each tick and sends what they say."""

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch

from pulsemon_producers.client.backlog import Backlog, Draft, Drafter, values_in
from pulsemon_producers.client.drops import DROP_REASONS
from pulsemon_producers.client.labelling import Labelling
from pulsemon_producers.client.moments import MS_PER_SECOND, Moments
from pulsemon_producers.client.own_metrics import Fill, Progress, own_samples
from pulsemon_producers.client.producer import SOURCE, Producer
from pulsemon_producers.client.reading import Sample, Told
from pulsemon_producers.client.slot import Slot
from pulsemon_producers.client.tickets import Ticket
from pulsemon_producers.client.transport import Transport

if TYPE_CHECKING:
    from pulsemon_producers.client.core import Core

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
POLL_SECONDS = 0.1
"""How long a flush may go unnoticed while a record is on its way."""
MAX_FAULTS_TOLD = 10
EVENT_ID_BYTES = 16


class Worker:
    """Used by its own thread only; ``slot`` and ``transport`` are for a forked child, which lets go of them."""

    def __init__(self, core: "Core", slot: Slot, transport: Transport) -> None:
        settings = core.settings
        self.slot = slot
        self.transport = transport
        self._core = core
        self._labelling = Labelling(core.common_labels(slot.instance))
        self._producer = Producer(settings.server_id, slot)
        self._moments = Moments(settings.interval_ms, _now_ms(), slot.past.recorded_at_ms, slot.past.steps)
        self._drafter = Drafter()
        self._backlog = Backlog(settings.max_buffered_batches, settings.max_buffered_bytes, self._drop_oldest)
        self._progress = Progress()
        self._sending: MetricBatch | Event | None = None
        self._is_offered = False
        self._retry_at = 0.0
        self._tickets: list[Ticket] = []
        self._ended: list[Ticket] = []
        self._faults = 0

    def run(self) -> None:
        """Works until a ticket that is the last one is done with."""
        while not self._ended:
            try:
                self._step()
            except Exception as fault:  # noqa: BLE001 - a thread's end would go unseen, and nothing be sent any more
                self._tell(fault)
                self._core.desk.bell.wait(RETRY_SECONDS)
        self._end()

    def _step(self) -> None:
        moment = self._moments.due(_now_ms())
        tickets = self._core.desk.take_new()
        if tickets and moment is None:
            moment = self._moments.between(_now_ms())
        self._tickets += tickets
        if moment is not None:
            self._read(moment)
        self._send()
        self._answer()
        self._progress.cpu_seconds = time.thread_time()
        if not self._ended and not self._is_offered:
            self._core.desk.bell.wait(self._wait_seconds())

    def _read(self, recorded_at_ms: int) -> None:
        core = self._core
        for told in core.take_events():
            self._backlog.put(self._event(told))
        samples = [*core.samples(self._labelling), *self._own()]
        for draft in self._drafter.drafts(recorded_at_ms, sorted(samples)):
            self._backlog.put(draft)

    def _own(self) -> Iterable[Sample]:
        oldest_ms = self._backlog.oldest_ms()
        age_seconds = 0.0 if oldest_ms is None else max(0, _now_ms() - oldest_ms) / MS_PER_SECOND
        fill = Fill(len(self._core.registry), self._backlog.size_bytes, age_seconds)
        return own_samples(self._labelling, self._progress, fill, self._core.drops.totals())

    def _event(self, told: Told) -> Event:
        return Event(
            event_id=os.urandom(EVENT_ID_BYTES).hex(),
            server_id=self._core.settings.server_id,
            source=SOURCE,
            kind=told.kind,
            text=told.text,
            labels=self._labelling.text(told.labels, ()),
            author="",
            occurred_at_ms=told.occurred_at_ms,
        )

    def _send(self) -> None:
        """Moves records on until nothing waits, or one is on its way and not known to be there."""
        while self._take_next() and time.monotonic() >= self._retry_at:
            assert self._sending is not None
            try:
                if not self._is_offered:
                    self.transport.offer(self._sending)
                    self._is_offered = True
                # never past the next tick: it would not be read
                has_arrived = self.transport.outcome(min(POLL_SECONDS, self._moments.wait_seconds(_now_ms())))
            except ContractError as refusal:
                self._is_offered = False
                self._sending = self._refused(self._sending, refusal)
                continue
            if has_arrived is None:
                return
            self._is_offered = False
            if has_arrived:
                self._count_delivered(self._sending)
                self._sending = None
            else:
                self._put_off(self._sending)

    def _take_next(self) -> bool:
        """False if nothing is left to send."""
        if self._sending is None and len(self._backlog):
            item = self._backlog.take()
            self._sending = item if isinstance(item, Event) else self._sealed(item)
        return self._sending is not None

    def _sealed(self, draft: Draft) -> MetricBatch:
        return self._producer.seal(draft, _now_ms(), self._core.drops.take_unreported(), self._moments.steps)

    def _put_off(self, record: MetricBatch | Event) -> None:
        """A batch keeps its place; an event lets what waits go first, as its topic may be one that we may not write."""
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if isinstance(record, MetricBatch):
            self._sending = replace(record, sent_at_ms=_now_ms())
        else:
            self._sending = None
            self._backlog.put(record)

    def _count_delivered(self, record: MetricBatch | Event) -> None:
        if isinstance(record, MetricBatch):
            self._progress.delivered += len(record.values)
            self._progress.latency_seconds = max(0, _now_ms() - record.recorded_at_ms) / MS_PER_SECOND

    def _refused(self, record: MetricBatch | Event, refusal: ContractError) -> MetricBatch | None:
        """What is sent instead of a record that will never be taken: a batch without samples keeps the sequence."""
        reason = refusal.reason if refusal.reason in DROP_REASONS else "invalid"
        count = values_in(record)
        self._core.drop(reason, count, f"a record will never be taken ({refusal})")
        if not isinstance(record, MetricBatch) or not count:
            return None
        for ticket in self._tickets:
            ticket.is_lost = True
        return replace(record, names=(), labels=(), values=())

    def _drop_oldest(self, count: int) -> None:
        self._core.drop("queue_full", count, "the broker has been away for longer than the client's buffer lasts")

    def _answer(self) -> None:
        """Ends the waits of those whose values have arrived, or whose time is up."""
        is_empty = self._sending is None and not len(self._backlog)
        now = time.monotonic()
        for ticket in [ticket for ticket in self._tickets if is_empty or now >= ticket.deadline]:
            self._tickets.remove(ticket)
            ticket.has_arrived = is_empty and not ticket.is_lost
            if ticket.is_last:
                self._ended.append(ticket)
            else:
                ticket.end()

    def _wait_seconds(self) -> float:
        waits = [self._moments.wait_seconds(_now_ms())]
        if self._sending is not None:
            waits.append(self._retry_at - time.monotonic())
        waits += [ticket.deadline - time.monotonic() for ticket in self._tickets]
        return min(waits)

    def _end(self) -> None:
        lost = self._backlog.take_all() + (0 if self._sending is None else values_in(self._sending))
        if lost:
            what = f"the client ended with {lost} values that were not acknowledged in time: raise exit_seconds to wait"
            self._core.drop("undelivered", lost, f"{what} longer")
        self.transport.close()
        self.slot.release()
        for ticket in [*self._ended, *self._tickets, *self._core.desk.take_new()]:
            ticket.end()

    def _tell(self, fault: Exception) -> None:
        self._faults += 1
        if self._faults <= MAX_FAULTS_TOLD:
            log.error("Reading or sending the metrics failed. The client goes on; please report it.", exc_info=fault)


def _now_ms() -> int:
    return int(time.time() * MS_PER_SECOND)
