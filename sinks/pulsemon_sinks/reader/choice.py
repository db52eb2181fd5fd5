"""What a reader asks for: one value a server made of the series of one metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Combine = Literal["max", "sum"]
Level = Literal["median", "max", "sum"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Series of ``metric`` that carry every label of ``having`` and none of ``without`` (both canonical ``k=v``).

    ``combine`` makes one value of several series of a server at one time: the fullest of its disks, the sum over its
    interfaces. ``is_counter``: the series grow, and their rate per second is what is meant.
    """

    metric: str
    having: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    combine: Combine = "max"
    is_counter: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start_ms`` up to but without ``end_ms``, epoch milliseconds, in buckets of ``step_seconds``."""

    start_ms: int
    end_ms: int
    step_seconds: int

    @property
    def first_bucket(self) -> int:
        """Epoch seconds of the bucket that holds the start."""
        return self.start_ms // 1000 // self.step_seconds * self.step_seconds

    @property
    def buckets(self) -> range:
        """Epoch seconds at which the buckets start."""
        return range(self.first_bucket, self.end_ms // 1000, self.step_seconds)


@dataclass(frozen=True, slots=True)
class Line:
    """One small line: what a server made of a choice over a window of its own."""

    server_id: str
    choice: Choice
    window: Window


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of SQL and the values bound in it."""

    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """Which choice a row belongs to: ``number`` is the first one's, or -1; ``condition`` is true for those of any."""

    number: str
    condition: str
    parameters: Mapping[str, Any]


def matching(choice: Choice, number: int) -> Clause:
    """True for rows of the choice. The columns are ``name`` and ``labels``; parameters are named after ``number``."""
    parameters: dict[str, Any] = {f"metric{number}": choice.metric}
    parts = [f"name = %(metric{number})s"]
    for operator, labels in (("", choice.having), ("NOT ", choice.without)):
        for label in labels:
            key = f"label{number}_{len(parameters)}"
            parameters[key] = label
            parts.append(f"{operator}has(splitByChar(',', toString(labels)), %({key})s)")
    return Clause(" AND ".join(parts), parameters)


def numbered(choices: Sequence[Choice]) -> Numbered:
    """For one choice the number is 0 and only the condition tells; of several only those of the metrics are numbered.

    Parameters: besides those of the labels ``metrics``, the names that are needed.
    """
    clauses = [matching(choice, number) for number, choice in enumerate(choices)]
    parameters = {key: value for clause in clauses for key, value in clause.parameters.items()}
    parameters["metrics"] = sorted({choice.metric for choice in choices})
    if len(clauses) == 1:
        return Numbered("0", clauses[0].sql, parameters)
    arms = ", ".join(f"{clause.sql}, {number}" for number, clause in enumerate(clauses))
    return Numbered(f"multiIf({arms}, -1)", "name IN %(metrics)s", parameters)


def looked_up(choices: Sequence[Choice]) -> Numbered:
    """As ``numbered``, with a number that is short to say and long to find: for one row a series, not one a sample.

    The number's column ``tags`` holds the labels, cut at the commas.
    """
    if len(choices) == 1:
        return numbered(choices)
    number = (
        "arrayFirstIndex((m, h, w) -> m = name AND hasAll(tags, h) AND NOT hasAny(tags, w), "
        "%(wanted)s, %(having)s, %(without)s) - 1"
    )
    parameters = {
        "metrics": sorted({choice.metric for choice in choices}),
        "wanted": [choice.metric for choice in choices],
        "having": [list(choice.having) for choice in choices],
        "without": [list(choice.without) for choice in choices],
    }
    return Numbered(number, "name IN %(metrics)s", parameters)


def for_sums(choices: Sequence[Choice], summed: str, others: str) -> str:
    """One expression for the numbers of choices that are summed, and one for all others."""
    return _either([choice.combine == "sum" for choice in choices], summed, others)


def for_counters(choices: Sequence[Choice], counters: str, others: str) -> str:
    """One expression for the numbers of counters, and one for all others."""
    return _either([choice.is_counter for choice in choices], counters, others)


def _either(which: Sequence[bool], yes: str, no: str) -> str:
    """As little SQL as will do: the engine's parsing and planning of it took longer than the reading of a day."""
    if all(which):
        return yes
    numbers = ", ".join(str(number) for number, is_it in enumerate(which) if is_it)
    return f"if(number IN ({numbers}), {yes}, {no})" if numbers else no
