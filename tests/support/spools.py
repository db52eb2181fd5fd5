"""Spools as an agent opens them, killed where a test says, and what came out of them."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_producers.admission import Sample
from pulsemon_producers.batches import Sealer
from pulsemon_producers.drafts import Drafter
from pulsemon_producers.spool.disk_spool import DiskSpool
from pulsemon_producers.spool.opening import SpoolSettings, open_spool
from pulsemon_producers.state_file import ProducerState, StateFile
from pulsemon_producers.tally import Tally
from pulsemon_schemas.records import MetricBatch

TICK_MS = 10_000
Identity = tuple[str, int]


@dataclass
class Life:
    """One start of an agent's spool."""

    spool: DiskSpool
    tally: Tally


@dataclass
class Delivered:
    """What a log has: batches by identity, the first of each, as readers keep it."""

    batches: dict[Identity, MetricBatch] = field(default_factory=dict)
    order: list[Identity] = field(default_factory=list)

    def add(self, batch: MetricBatch) -> None:
        identity = batch.producer_id, batch.sequence
        assert batch.producer_id
        known = self.batches.setdefault(identity, batch)
        assert (known.values, known.recorded_at_ms, known.dropped) == (
            batch.values,
            batch.recorded_at_ms,
            batch.dropped,
        ), f"{identity} came with two contents"
        self.order.append(identity)

    @property
    def samples(self) -> int:
        return sum(len(batch.values) for batch in self.batches.values())

    @property
    def dropped(self) -> "Counter[str]":
        """What the batches tell of drops."""
        counts: Counter[str] = Counter()
        for batch in self.batches.values():
            counts.update(batch.dropped)
        return counts

    @property
    def moments(self) -> list[int]:
        """The recorded_at of every batch with samples, in the order of the log."""
        return [batch.recorded_at_ms for batch in self.batches.values() if batch.values]

    def sequences(self) -> dict[str, list[int]]:
        """Producers in the order of their first batch, with their sequences."""
        found: dict[str, list[int]] = {}
        for producer, sequence in self.batches:
            found.setdefault(producer, []).append(sequence)
        return found


def open_life(folder: Path, max_bytes: int = 1 << 20, unwritten: int = 10_000) -> Life:
    tally = Tally()
    opened = open_spool(
        SpoolSettings(folder, max_bytes, unwritten, TICK_MS),
        tally,
        lambda previous: Sealer("web-1", "agent", StateFile(None), previous, TICK_MS, _next_id(previous)),
    )
    return Life(opened.spool, tally)


def _next_id(previous: ProducerState) -> str:
    """Ids of one length without chance, so that a test that repeats a case writes the same bytes."""
    return f"p{int(previous.producer_id[1:] or 0) + 1:015}"


def put(life: Life, number: int, samples: int = 2) -> None:
    """Puts the tick of that number, whose values nobody else has."""
    found = [Sample("a", f"n={label:05}", number + label / 1e6) for label in range(samples)]
    for draft in Drafter().drafts(number * TICK_MS, found)[0]:
        life.spool.put(draft)


def acknowledge(life: Life, log: Delivered, count: int) -> None:
    """Sends so many batches; less if less wait."""
    life.spool._is_closed = True  # so that it does not wait for more
    for _ in range(count):
        batch = life.spool.take()
        if batch is None:
            break
        log.add(batch)
        life.spool.done()
    life.spool._is_closed = False


def drain(life: Life, log: Delivered) -> None:
    """Sends all that waits."""
    life.spool.close()
    while (batch := life.spool.take()) is not None:
        log.add(batch)
        life.spool.done()
