"""Series in memory as a backtest asks for them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulsemon_schemas.series_history import SLOT_MS, Candidate, Points, SeriesKey, Wanted

MINUTE_MS = 60_000


@dataclass
class SeriesMemory:
    """See ``SeriesHistory``. ``asked`` counts the samples that were handed out."""

    series: Mapping[SeriesKey, Sequence[tuple[int, float]]]
    asked: int = 0
    kept_ms: int = 0
    queries: list[int] = field(default_factory=list)

    def raw_since_ms(self) -> int:
        return self.kept_ms

    def candidates(self, wanted: Wanted, bound: float | None, since_ms: int, until_ms: int) -> list[Candidate]:
        found = []
        for key, samples in self.series.items():
            inside = [(at, value) for at, value in samples if since_ms <= at < until_ms]
            if not inside or (wanted.server_ids is not None and key.server_id not in wanted.server_ids):
                continue
            minutes = sorted({at // MINUTE_MS for at, value in inside if _reaches(value, bound, wanted.is_above)})
            most = max(Counter(at // MINUTE_MS for at, _ in inside).values())
            found.append(Candidate(key, minutes, most))
        return found

    def points(self, wanted: Wanted, slots: Mapping[str, Sequence[int]]) -> dict[SeriesKey, Points]:
        found = {}
        for key, samples in self.series.items():
            asked = set(slots.get(key.server_id, ()))
            inside = [(at, value) for at, value in samples if at // SLOT_MS in asked]
            self.asked += len(inside)
            found[key] = Points([at for at, _ in inside], [value for _, value in inside])
        return found


def _reaches(value: float, bound: float | None, is_above: bool) -> bool:
    return bound is None or (value >= bound if is_above else value <= bound)
