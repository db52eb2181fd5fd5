"""Which samples belong to which batch where several producers of a server speak of one time.

Nothing stored says it, but a series belongs to one producer: whose it is shows at the times at which a producer is
alone. Where they always speak together, metrics of the catalogue are the agent's and all others are not; the numbers of
samples, which are stored, must agree with that. What cannot be told apart is counted.
"""

from collections.abc import Mapping, Sequence

from pulsemon_schemas.catalogue import METRICS

from pulsemon_sinks.reader.log_history.moments import Moment, Series
from pulsemon_sinks.reader.log_history.stored_batches import StoredBatch

Part = tuple[Series, tuple[float, ...]]
EMPTY: Part = (((), ()), ())
MAX_OWNERS = 500_000
HOST_SOURCES = frozenset({"agent", "simulator"})
OWN_PREFIX, AGENTS_OWN_PREFIX = "pulsemon.", "pulsemon.agent."
HOST_METRICS = frozenset(
    one.name for one in METRICS if not one.name.startswith(OWN_PREFIX) or one.name.startswith(AGENTS_OWN_PREFIX)
)


class Sharing:
    """``unlike`` counts batches whose samples are not the number that they had; ``undecided`` those of shared times
    whose samples cannot be told from one another's.
    """

    def __init__(self) -> None:
        self.unlike = 0
        self.undecided = 0
        self._owners: dict[tuple[str, str, str], set[str]] = {}
        self._learned: set[tuple[str, str, int]] = set()

    def learn(
        self, by_moment: Mapping[tuple[str, int], Sequence[StoredBatch]], moments: Mapping[tuple[str, int], Moment]
    ) -> None:
        """Sees which series come alone with which producer."""
        if len(self._owners) > MAX_OWNERS:
            self._owners.clear()
            self._learned.clear()
        for place, batches in by_moment.items():
            moment = moments.get(place)
            if moment is None or len(batches) > 1:
                continue
            known = (batches[0].server_id, batches[0].producer_id, moment.series_id)
            if known in self._learned:
                continue
            self._learned.add(known)
            for name, labels in zip(*moment.series, strict=True):
                self._owners.setdefault((batches[0].server_id, name, labels), set()).add(batches[0].producer_id)

    def parts(self, batches: Sequence[StoredBatch], moment: Moment | None) -> dict[int, Part]:
        """The samples of each of the batches of one server and time, by offset."""
        if moment is None:
            self.unlike += sum(one.finite > 0 for one in batches)
            return {one.offset: EMPTY for one in batches}
        if len(batches) == 1:
            self.unlike += len(moment.values) != batches[0].finite
            return {batches[0].offset: (moment.series, tuple(moment.values))}
        return self._divide(batches, moment)

    def _divide(self, batches: Sequence[StoredBatch], moment: Moment) -> dict[int, Part]:
        samples = list(zip(*moment.series, moment.values, strict=True))
        chosen: dict[int, list[tuple[str, str, float]]] = {one.offset: [] for one in batches}
        left = []
        for sample in samples:
            able = self._able(batches, *sample[:2])
            if len(able) == 1:
                chosen[able[0].offset].append(sample)
            else:
                left.append(sample)
        lacking = [one for one in batches if len(chosen[one.offset]) < one.finite]
        if left and lacking:
            self.undecided += len(lacking) > 1
            chosen[lacking[0].offset] += left
        self.unlike += sum(len(chosen[one.offset]) != one.finite for one in batches) if not left or lacking else 1
        return {offset: _part(found) for offset, found in chosen.items()}

    def _able(self, batches: Sequence[StoredBatch], name: str, labels: str) -> Sequence[StoredBatch]:
        """Whose a series can be."""
        owners = self._owners.get((batches[0].server_id, name, labels), set())
        known = [one for one in batches if one.producer_id in owners]
        if known:
            return known
        is_of_host = name in HOST_METRICS
        return [one for one in batches if (one.source in HOST_SOURCES) == is_of_host]


def _part(samples: list[tuple[str, str, float]]) -> Part:
    if not samples:
        return EMPTY
    names, labels, values = zip(*sorted(samples), strict=True)
    return (names, labels), values
