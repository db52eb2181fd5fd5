"""The one gate between collectors and batches: what may be sent, and when. Everything it refuses is counted."""

import functools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pulsemon_schemas.catalogue import Metric
from pulsemon_schemas.labels import canonical, parse

from pulsemon_producers.collectors.base import Kind, Point, Tick
from pulsemon_producers.collectors.names import CUSTOM_PREFIX, Names

log = logging.getLogger(__name__)

CACHED_SERIES = 65_536
MAX_TOLD = 1000


class Sample(NamedTuple):
    """One value on its way into a batch. Sorts as the wire wants it: by name, then labels."""

    name: str
    labels: str
    value: float


Seen = tuple[float, int]
"""The last total of a counter, and the tick it came with, in milliseconds."""


@dataclass(slots=True)
class Memory:
    """The counters of one collector, within one boot."""

    boot_id: str = ""
    counters: dict[tuple[str, str], Seen] = field(default_factory=dict)


class Admission:
    """Holds each point against the catalogue and, if it is a counter, against its last value. Not thread-safe."""

    def __init__(self, metrics: Iterable[Metric], intervals_ms: Mapping[str, int]) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self._intervals_ms = intervals_ms
        self._memories: dict[str, Memory] = {}
        self._told: set[tuple[str, str]] = set()
        self._check_series = functools.lru_cache(maxsize=CACHED_SERIES)(self._check)

    def admit(
        self, collector: str, tick: Tick, points: Iterable[Point], names: Names = Names.OURS
    ) -> tuple[list[Sample], int]:
        """The samples of one run of a collector that belong into the batch, and how many points were refused."""
        memory = self._memories.setdefault(collector, Memory())
        if memory.boot_id != tick.boot_id:
            memory.boot_id, memory.counters = tick.boot_id, {}
        samples: list[Sample] = []
        refused = 0
        may_restart = names.counters_may_restart
        due: dict[str, bool] = {}
        for point in points:
            kind, name, labels, value = point
            problem = self._check_series(name, labels, kind, names)
            if not problem:
                if name not in due:
                    due[name] = self._is_due(name, tick)
                if not due[name]:
                    continue
                if kind is Kind.COUNTER and not may_restart:
                    problem = _count(memory, (name, labels), value, tick.recorded_at_ms)
            if problem:
                refused += 1
                self._tell(collector, point, problem)
            else:
                samples.append(Sample(name, labels, value))
        self._forget(memory, tick.recorded_at_ms)
        return samples, refused

    def _is_due(self, name: str, tick: Tick) -> bool:
        """False for what is right and not to be sent now; names of others are always due."""
        metric = self._metrics.get(name)
        return metric is None or (metric.default_on and tick.wants(name))

    def _check(self, name: str, labels: str, kind: str, names: Names) -> str:
        """What is wrong with a series, "" for nothing: found out once for each."""
        if names.is_foreign(name):
            return _check_labels(labels)
        if names is Names.CUSTOM:
            return f"the name does not begin with {CUSTOM_PREFIX}"
        metric = self._metrics.get(name)
        if metric is None:
            return "the catalogue has no such metric"
        if metric.instrument != kind:
            return f"the catalogue says {metric.instrument}, not {kind}"
        for key, value in parse(labels).items():
            allowed = metric.attributes.get(key)
            if allowed is None or (allowed and value not in allowed):
                return f"the catalogue has no label {key}={value} for it"
        return ""

    def _forget(self, memory: Memory, now_ms: int) -> None:
        """Counters that were due and did not come: their device is gone, and begins anew if it returns."""
        memory.counters = {
            key: seen
            for key, seen in memory.counters.items()
            if seen[1] == now_ms or abs(now_ms - seen[1]) < self._intervals_ms.get(key[0], 0)
        }

    def _tell(self, collector: str, point: Point, problem: str) -> None:
        """Logs each cause once: the same mistake comes at every tick."""
        key = (point.name, problem)
        if key not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(key)
            log.warning(
                "Collector %s: %s{%s} is not sent: %s. It is counted in pulsemon.agent.collect.errors; the same is not "
                "logged again.",
                collector,
                point.name,
                point.labels,
                problem,
            )


def _check_labels(labels: str) -> str:
    """What is wrong with labels that nobody has described."""
    try:
        is_canonical = canonical(parse(labels)) == labels
    except ValueError as error:
        return str(error)
    return "" if is_canonical else f"the labels {labels!r} are not in their canonical order"


def _count(memory: Memory, series: tuple[str, str], value: float, now_ms: int) -> str:
    """Remembers a counter, against which the next value is held. What is wrong with this one, "" for nothing."""
    last = memory.counters.get(series)
    memory.counters[series] = value, now_ms
    return "the counter fell within one boot" if last is not None and value < last[0] else ""
