"""A rule over history: what would have fired, exactly where raw samples are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.rule import THRESHOLD
from pulsemon_schemas.series_history import Candidate, Points, SeriesHistory, SeriesKey, Wanted

from pulsemon_stream_processors.replay.backtest.bound import bound_of
from pulsemon_stream_processors.replay.backtest.scope import JudgedSeries
from pulsemon_stream_processors.replay.backtest.series_run import SeriesRun
from pulsemon_stream_processors.replay.backtest.stretches import MINUTE_MS, Stretches
from pulsemon_stream_processors.replay.episodes import Episode, episodes

MAX_SLOTS = 24_000
"""Of so many slots of servers the samples are held at once."""
NOTHING = Points((), ())


@dataclass(frozen=True, slots=True)
class Outcome:
    """``events`` are in the order of series; their offsets are times. ``approximate`` says why it is not exact, if so.

    ``series`` is how many the rule judges, ``samples`` how many samples were looked at for it.
    """

    rule: Rule
    events: tuple[AlertEvent, ...]
    series: int
    samples: int
    approximate: str

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What fired."""
        return episodes(self.events)


class Backtest:
    """Judges thresholds alone: composites, absences and fleets rest on more than one series."""

    def __init__(self, history: SeriesHistory) -> None:
        self._history = history
        self._samples = 0

    def run(self, judged: JudgedSeries, since_ms: int, until_ms: int) -> Outcome:
        """What would have fired between two times, had the rule been in force all the time and nothing open before.

        Raises ValueError for a rule that is no threshold, and as the history.
        """
        rule = judged.rule
        if rule.kind != THRESHOLD:
            raise ValueError(f"a rule of kind {rule.kind} cannot be tested so")
        self._samples = 0
        labels = tuple(f"{key}={value}" for key, value in rule.match.items())
        wanted = Wanted(rule.metric, judged.servers(), labels, rule.fires_above)
        found = self._history.candidates(wanted, bound_of(rule), since_ms, until_ms) if rule.levels else []
        ranked = judged.ranked()
        waiting: dict[SeriesKey, Stretches] = {}
        count = 0
        for one in found:
            label_map = judged.label_map(*one.key, ranked)
            if label_map is not None:
                count += 1
                run = SeriesRun(rule, one.key, label_map)
                minutes = _inside(one, since_ms, until_ms)
                waiting[one.key] = Stretches(run, rule, minutes, one.most_in_a_minute, since_ms, until_ms)
        every = dict(waiting)
        self._judge(wanted, waiting)
        events = tuple(event for key in sorted(every) for event in every[key].run.events)
        return Outcome(rule, events, count, self._samples, self._doubt(since_ms))

    def _judge(self, wanted: Wanted, waiting: dict[SeriesKey, Stretches]) -> None:
        """Reads what is needed, judges as far as that goes, and reads what is needed then."""
        while waiting:
            turn, slots = _turn(waiting)
            points = self._history.points(wanted, slots)
            self._samples += sum(len(one.times_ms) for one in points.values())
            for key in turn:
                if waiting[key].advance(points.get(key, NOTHING), frozenset(slots.get(key.server_id, ()))):
                    del waiting[key]

    def _doubt(self, since_ms: int) -> str:
        raw_since_ms = self._history.raw_since_ms()
        if since_ms >= raw_since_ms:
            return ""
        return "raw samples of the beginning are gone: there one value a minute was judged, its worst"


def _inside(one: Candidate, since_ms: int, until_ms: int) -> Sequence[int]:
    first, last = since_ms // MINUTE_MS, (until_ms - 1) // MINUTE_MS
    return [minute for minute in one.minutes if first <= minute <= last]


def _turn(waiting: Mapping[SeriesKey, Stretches]) -> tuple[list[SeriesKey], dict[str, list[int]]]:
    """The series that are next, and the slots of their servers that they need."""
    slots: dict[str, set[int]] = {}
    turn: list[SeriesKey] = []
    size = 0
    for key, stretches in waiting.items():
        known = slots.setdefault(key.server_id, set())
        size -= len(known)
        known |= stretches.slots()
        size += len(known)
        turn.append(key)
        if size > MAX_SLOTS:
            break
    return turn, {server_id: sorted(found) for server_id, found in slots.items() if found}
