"""Samples out of files into the store, as batches of a sender of their own; each sample once, however often it comes.

What makes a sample one row is its key. A file's batches are named after its content, so repeating it adds nothing.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_schemas import codec
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.validity import EARLIEST_MS, MAX_SAMPLES

from pulsemon_sinks.clickhouse.bulk import BulkStore
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.ttl import FOR_EVER, ttls
from pulsemon_sinks.containers import Places
from pulsemon_sinks.landings import METRICS_LANDING, containers
from pulsemon_sinks.rollups.horizon import horizon
from pulsemon_sinks.rollups.touched import request
from pulsemon_sinks.transfer.reading import Sample, pieces
from pulsemon_sinks.transfer.shape import FileError

SOURCE = "backfill"
HOUR_MS = 3_600_000
PATIENCE_SECONDS = 60.0


@dataclass
class Stored:
    """What was written. ``hours`` since 1970, for which rollups are asked."""

    samples: int = 0
    batches: int = 0
    hours: set[int] = field(default_factory=set)


class Backfill:
    """Writes files into one database. Errors as Store and BulkStore: repeat the file, nothing is stored twice."""

    def __init__(self, store: Store, bulk: BulkStore, database: str) -> None:
        self._store = store
        self._bulk = bulk
        self._database = database
        self._places = Places("", -1)
        self._containers = containers(METRICS_LANDING)

    def check(self, path: Path) -> int:
        """How many samples a file holds; FileError if one cannot be kept: nothing is stored then."""
        count, now_ms = 0, int(time.time() * 1000)
        kept = ttls(self._store, self._database).get("samples", FOR_EVER).seconds
        first_ms = EARLIEST_MS if kept is None else max(EARLIEST_MS, now_ms - kept * 1000)
        for piece in pieces(path):
            count += len(piece)
            oldest = min(one.recorded_at_ms for one in piece)
            if oldest < first_ms:
                days = (now_ms - oldest) // (24 * HOUR_MS) + 2
                raise FileError(
                    f"{path} holds samples that are older than raw samples are kept: nothing of it was stored; "
                    f"`pulsemon retention set raw {days}` first, then repeat"
                )
            if max(one.recorded_at_ms for one in piece) > now_ms:
                raise FileError(f"{path} holds samples of the future: nothing of it was stored; mend their times")
        return count

    def rollups_from(self) -> int:
        """The first time (epoch seconds) of which rollups are made: before it raw samples may be missing."""
        return horizon(self._store, self._database).first_day * 86_400

    def run(self, path: Path) -> Iterator[tuple[list[Sample], Stored]]:
        """Stores a file piece by piece, and asks for its rollups at the end; yields after each piece."""
        producer_id = f"{SOURCE}-{_digest(path)}"
        sequences: dict[str, int] = defaultdict(int)
        stored = Stored()
        for piece in pieces(path):
            self._write(_batches(piece, producer_id, sequences), stored)
            yield piece, stored
        if stored.hours:
            request(self._store, self._database, f"{producer_id}-{time.time_ns()}", stored.hours)

    def _write(self, batches: Iterable[MetricBatch], stored: Stored) -> None:
        now_ms = int(time.time() * 1000)
        records = []
        for one in batches:
            records.append((self._places.encode(-1, now_ms), codec.encode(one)))
            stored.samples += len(one.values)
            stored.hours.add(one.recorded_at_ms // HOUR_MS)
        (container,) = self._containers.values()
        self._post(container.build(records))
        stored.batches += len(records)

    def _post(self, body: bytes) -> None:
        """Patient with a store that is away for a while."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._bulk.post(f"{self._database}.{METRICS_LANDING.table}", body)
            except TransientError as error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(error.retry_after_seconds)


def _batches(samples: Iterable[Sample], producer_id: str, sequences: dict[str, int]) -> Iterator[MetricBatch]:
    """A batch for each server and time of a piece, numbered by server; of a sample that comes twice the last counts."""
    found: dict[tuple[str, int], dict[tuple[str, str], float]] = defaultdict(dict)
    for one in samples:
        found[one.server_id, one.recorded_at_ms][one.name, one.labels] = one.value
    for (server_id, at_ms), values in sorted(found.items()):
        keys = sorted(values)
        for first in range(0, len(keys), MAX_SAMPLES):
            part = keys[first : first + MAX_SAMPLES]
            yield MetricBatch(
                server_id=server_id,
                source=SOURCE,
                producer_id=producer_id,
                sequence=sequences[server_id],
                previous_producer_id="",
                previous_sequence=-1,
                recorded_at_ms=at_ms,
                sent_at_ms=at_ms,
                names=tuple(name for name, _ in part),
                labels=tuple(labels for _, labels in part),
                values=tuple(values[one] for one in part),
            )
            sequences[server_id] += 1


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
