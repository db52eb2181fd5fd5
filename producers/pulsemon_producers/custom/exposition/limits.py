"""What of an exposition is sent: bounded in samples, buckets and labels; what is left out is counted by reason."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pulsemon_producers.collectors.base import Point, label_text
from pulsemon_producers.custom.exposition.page import Series

MAX_LABELS = 32
MAX_LABEL_CHARACTERS = 256
REASONS = ("limit", "buckets", "labels", "not_finite")


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so many samples, and of those so many buckets of histograms; a histogram's buckets come all or not."""

    samples: int
    buckets: int


@dataclass(slots=True)
class Chosen:
    """The points that are sent, and how many others are not, by reason."""

    points: list[Point] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def choose(
    series: Sequence[Series],
    limits: Limits,
    named: Callable[[str], str],
    labelled: Callable[[Mapping[str, str]], Mapping[str, str]] = dict,
) -> Chosen:
    """What is sent of ``series``, under the names and labels that the functions make of theirs.

    NaN and infinite values say nothing that could be judged or stored; ``+Inf`` as a bucket's bound is a label.
    """
    chosen = Chosen()
    without = _families_without_buckets(series, limits.buckets)
    for one in series:
        labels = labelled(one.sample.labels)
        reason = _reason(one, labels, without) or ("limit" if len(chosen.points) >= limits.samples else "")
        if reason:
            chosen.left_out[reason] += 1
        else:
            chosen.points.append(Point(one.kind, named(one.sample.name), label_text(labels), one.sample.value))
    return chosen


def _reason(one: Series, labels: Mapping[str, str], without: frozenset[str]) -> str:
    """Why a series is left out, "" if it is not."""
    if not math.isfinite(one.sample.value):
        return "not_finite"
    if one.is_bucket and one.family in without:
        return "buckets"
    too_long = any(len(part) > MAX_LABEL_CHARACTERS for item in labels.items() for part in item)
    return "labels" if too_long or len(labels) > MAX_LABELS else ""


def _families_without_buckets(series: Iterable[Series], limit: int) -> frozenset[str]:
    """The histograms whose buckets do not fit any more, in the order in which they come."""
    counts = Counter(one.family for one in series if one.is_bucket)
    taken = 0
    without: set[str] = set()
    for family, count in counts.items():
        if taken + count > limit:
            without.add(family)
        else:
            taken += count
    return frozenset(without)
