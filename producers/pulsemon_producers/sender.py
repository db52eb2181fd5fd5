"""The thread between backlog and transport: offers a batch until it is taken."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from pulsemon_schemas.errors import ContractError, PermanentError
from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.backlog import Backlog
from pulsemon_producers.batches import emptied
from pulsemon_producers.publisher import GroupPublisher, Publisher
from pulsemon_producers.tally import DROP_REASONS, Tally

log = logging.getLogger(__name__)

MAX_TOGETHER = 32
"""Batches of a backlog that are offered at once, where the publisher can: half of what any gateway takes."""
RETRY_SECONDS = 1.0
MS_PER_SECOND = 1000
REASON_OTHER = "invalid"
KEPT = "They wait in the spool, and the next start sends them."
LOST = (
    "They are lost. The next start names the last batch that was numbered, so readers can see the gap; with a "
    "state_dir they would have been kept."
)


class Sender:
    """Sends batches one after the other, so that the log has them in the order of their sequence whatever happens.

    Once one was taken, those that wait behind it go together, one group at a time. A batch gets its sent_at anew at
    each offer: what waited long says so.
    """

    def __init__(
        self,
        backlog: Backlog,
        publisher: Publisher,
        tally: Tally,
        on_first_delivery: Callable[[], None],
        wall_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._backlog = backlog
        self._publisher = publisher
        self._tally = tally
        self._on_delivery: Callable[[], None] | None = on_first_delivery
        self._wall_seconds = wall_seconds
        self._several = publisher if isinstance(publisher, GroupPublisher) else None
        self._is_taking = False
        self._gives_up = threading.Event()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="pulsemon-sender", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises PermanentError if the thread has ended by a fault: nothing would ever be sent again."""
        if self._fault is not None:
            raise PermanentError(f"sending has ended: {self._fault}; start the agent again") from self._fault

    def close(self, timeout_seconds: float) -> None:
        """Sends what waits, for at most ``timeout_seconds``, and says what becomes of the rest."""
        self._backlog.close()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            self._gives_up.set()
            self._publisher.interrupt()
            self._thread.join(RETRY_SECONDS)
        if samples := self._backlog.fill().samples:
            log.warning(
                "Stopped with %d samples that were not acknowledged within %g s. %s",
                samples,
                timeout_seconds,
                KEPT if self._backlog.keeps else LOST,
            )

    def _run(self) -> None:
        try:
            self._send_all()
        except Exception as error:  # noqa: BLE001 - a thread's end would go unseen; ``check`` raises it where it is seen
            self._fault = error

    def _send_all(self) -> None:
        while not self._gives_up.is_set() and (batch := self._backlog.take()) is not None:
            more = self._backlog.take_more(MAX_TOGETHER - 1) if self._several and self._is_taking else []
            if self._several and more:
                self._deliver_group(self._several, [self._stamped(one) for one in (batch, *more)])
            elif self._deliver(self._stamped(batch)):
                self._backlog.done()

    def _deliver_group(self, publisher: GroupPublisher, batches: list[MetricBatch]) -> None:
        """Settles those that were tried; the next ``take`` begins with the first that is left."""
        for batch, outcome in zip(batches, publisher.publish_many(batches), strict=False):
            if isinstance(outcome, ContractError):
                rest = self._without_samples(batch, outcome)
                if rest is not None and not self._deliver(rest):
                    return
            elif outcome:
                self._count(batch)
            else:
                # whether the other side is back is asked with one batch
                self._is_taking = False
                return
            self._backlog.done()

    def _deliver(self, batch: MetricBatch) -> bool:
        """True when the log has the batch; False only when told to give up."""
        while True:
            try:
                if self._publisher.publish(batch):
                    break
            except ContractError as refusal:
                rest = self._without_samples(batch, refusal)
                if rest is None:
                    return True
                batch = rest
                continue
            self._is_taking = False
            if self._gives_up.wait(RETRY_SECONDS):
                return False
            batch = self._stamped(batch)
        self._is_taking = True
        self._count(batch)
        return True

    def _count(self, batch: MetricBatch) -> None:
        self._tally.deliver(len(batch.values), (self._now_ms() - batch.recorded_at_ms) / MS_PER_SECOND)
        if self._on_delivery is not None:
            self._on_delivery()
            self._on_delivery = None

    def _without_samples(self, batch: MetricBatch, refusal: ContractError) -> MetricBatch | None:
        """The same place in the sequence without what is refused; None if even that is."""
        if not batch.values:
            log.error(
                "Not even an empty batch %d is taken (%s). Its place in the sequence stays empty, which readers see.",
                batch.sequence,
                refusal,
            )
            return None
        log.error(
            "Batch %d will never be taken (%s). Its %d samples are dropped and counted; the sequence goes on.",
            batch.sequence,
            refusal,
            len(batch.values),
        )
        reason = refusal.reason if refusal.reason in DROP_REASONS else REASON_OTHER
        self._tally.drop_reported(reason, len(batch.values))
        return emptied(batch, reason)

    def _stamped(self, batch: MetricBatch) -> MetricBatch:
        return replace(batch, sent_at_ms=self._now_ms())

    def _now_ms(self) -> int:
        return round(self._wall_seconds() * MS_PER_SECOND)
