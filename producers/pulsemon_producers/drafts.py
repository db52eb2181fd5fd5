"""What a tick yielded, before it has a place in the producer's sequence."""

import itertools
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.admission import Sample
from pulsemon_producers.pieces import MAX_SAMPLES_A_BATCH, pieces

KNOWN_SERIES_SETS = 16

NAME_OF, LABELS_OF, VALUE_OF = map(itemgetter, range(3))
SERIES_OF = itemgetter(0, 1)
"""The parts of a ``Sample``: reading them so takes no call of Python's for each of some hundred a tick."""

Series = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Draft:
    """Samples of one tick: names, labels and values of one length, sorted together, each pair once."""

    recorded_at_ms: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    values: "array[float]"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory beyond the names and labels, which drafts share."""
        return len(self.values) * self.values.itemsize


def as_draft(batch: MetricBatch) -> Draft:
    """What a batch held before it had a number."""
    return Draft(batch.recorded_at_ms, batch.names, batch.labels, array("d", batch.values))


class Drafter:
    """Makes drafts. Those of one set of series share its names and labels, so that a long queue stays small."""

    def __init__(self, max_samples: int = MAX_SAMPLES_A_BATCH) -> None:
        self._max_samples = max_samples
        self._known: dict[Series, Series] = {}

    def drafts(self, recorded_at_ms: int, samples: Iterable[Sample]) -> tuple[list[Draft], int]:
        """The drafts of a tick, at least one, and how many samples were left out because their pair came before."""
        ordered = sorted(samples, key=SERIES_OF)
        unique = [next(group) for _, group in itertools.groupby(ordered, key=SERIES_OF)]
        drafts = [self._draft(recorded_at_ms, part) for part in pieces(unique, self._max_samples)]
        return drafts, len(ordered) - len(unique)

    def _draft(self, recorded_at_ms: int, samples: Sequence[Sample]) -> Draft:
        series = tuple(map(NAME_OF, samples)), tuple(map(LABELS_OF, samples))
        if series not in self._known and len(self._known) >= KNOWN_SERIES_SETS:
            self._known.pop(next(iter(self._known)))
        names, labels = self._known.setdefault(series, series)
        return Draft(recorded_at_ms, names, labels, array("d", map(VALUE_OF, samples)))
