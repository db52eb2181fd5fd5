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
from pulsemon_producers.publisher import Publisher
from pulsemon_producers.tally import DROP_REASONS, Tally

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
MS_PER_SECOND = 1000
REASON_OTHER = "invalid"
KEPT = "They wait in the spool, and the next start sends them."
LOST = (
    "They are lost. The next start names the last batch that was numbered, so readers can see the gap; with a "
    "state_dir they would have been kept."
)


class Sender:
    """Sends one batch at a time, so that the log has them in the order of their sequence whatever happens between.

    A batch gets its sent_at anew at each offer: what waited long says so.
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
            if self._deliver(replace(batch, sent_at_ms=self._now_ms())):
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
            if self._gives_up.wait(RETRY_SECONDS):
                return False
            batch = replace(batch, sent_at_ms=self._now_ms())
        self._tally.deliver(len(batch.values), (self._now_ms() - batch.recorded_at_ms) / MS_PER_SECOND)
        if self._on_delivery is not None:
            self._on_delivery()
            self._on_delivery = None
        return True

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

    def _now_ms(self) -> int:
        return round(self._wall_seconds() * MS_PER_SECOND)
