"""The history of series as a backtest asks for it: first where a limit may be crossed, then the samples there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

SLOT_MS = 600_000
"""Samples are asked for by slots of ten minutes, numbered since 1970."""


class SeriesKey(NamedTuple):
    """A series of a metric."""

    server_id: str
    labels: str


class Wanted(NamedTuple):
    """Of which series: all of a metric, of these servers (None: of all), with all of these labels (``k=v``).

    ``is_above``: whether higher values are the worse ones.
    """

    metric: str
    server_ids: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    is_above: bool = True


class Candidate(NamedTuple):
    """A series with the minutes (since 1970, ascending) in which a sample reaches the bound.

    ``most_in_a_minute`` is how many samples any minute has.
    """

    key: SeriesKey
    minutes: Sequence[int]
    most_in_a_minute: int


class Points(NamedTuple):
    """Samples of a series, ascending in time, each time once."""

    times_ms: Sequence[int]
    values: Sequence[float]


class SeriesHistory(Protocol):
    """Every method may raise TransientError. Times are epoch milliseconds."""

    def raw_since_ms(self) -> int:
        """From when on raw samples are kept; before that there is one point a minute."""

    def candidates(self, wanted: Wanted, bound: float | None, since_ms: int, until_ms: int) -> list[Candidate]:
        """Every series that has samples in [since, until), with the minutes that matter.

        No minute is left out in which a sample is at the bound or beyond; others may be there. None: all minutes.
        """
        ...

    def points(self, wanted: Wanted, slots: Mapping[str, Sequence[int]]) -> dict[SeriesKey, Points]:
        """The samples of these slots by server; further ones may be there.

        Where raw samples are gone it is a minute's highest or lowest one.
        """
        ...
