"""A whole exposition: every line must make sense, or none of it is taken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pulsemon_producers.collectors.base import Kind
from pulsemon_producers.custom.exposition.line import Declared, LineError, Sample, parse_line

END = "# EOF"
SUFFIXES = ("_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount")
_COUNTING = {
    "counter": frozenset({"", "_total"}),
    "histogram": frozenset({"_bucket", "_sum", "_count"}),
    "summary": frozenset({"_sum", "_count"}),
}
"""The parts of a family that only grow, by its type; the others are as they are."""


class ExpositionError(ValueError):
    """Why an exposition is not taken."""


@dataclass(frozen=True, slots=True)
class Series:
    """A sample with what its family says: ``family`` is its name without the suffix of its part."""

    sample: Sample
    kind: Kind
    family: str
    is_bucket: bool


def parse_page(text: str, is_open_metrics: bool = False) -> list[Series]:
    """The series in their order. Raises ExpositionError with the line.

    Times and exemplars are passed over: a sample stands for the moment at which it is collected. So are HELP, UNIT, and
    OpenMetrics' ``_created``. A text must end with a line break, an OpenMetrics page with ``# EOF``: what was cut off
    is not taken.
    """
    lines = _checked_lines(text, is_open_metrics)
    types: dict[str, str] = {}
    samples: list[Sample] = []
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for number, line in enumerate(lines, start=1):
        try:
            found = parse_line(line)
            if isinstance(found, Declared):
                _declare(types, found)
            elif found is not None:
                _add(samples, seen, found)
        except LineError as error:
            raise ExpositionError(f"line {number}: {error}: {line[:120]!r}") from None
    return list(_series(samples, types))


def _checked_lines(text: str, is_open_metrics: bool) -> list[str]:
    if text and not text.endswith("\n"):
        raise ExpositionError("the last line has no end: it was cut off, or is still being written")
    lines = [line.removesuffix("\r") for line in text.split("\n")[:-1]]
    if is_open_metrics:
        if not lines or lines[-1] != END:
            raise ExpositionError(f"it does not end with {END}: it was cut off")
        if END in lines[:-1]:
            raise ExpositionError(f"something follows {END}")
    return lines


def _declare(types: dict[str, str], declared: Declared) -> None:
    if types.setdefault(declared.family, declared.type) != declared.type:
        raise LineError(f"{declared.family} was a {types[declared.family]} before")


def _add(samples: list[Sample], seen: set[tuple[str, frozenset[tuple[str, str]]]], sample: Sample) -> None:
    key = (sample.name, frozenset(sample.labels.items()))
    if key in seen:
        raise LineError("the same series came before")
    seen.add(key)
    samples.append(sample)


def _series(samples: Iterable[Sample], types: Mapping[str, str]) -> Iterable[Series]:
    for sample in samples:
        family, suffix = _family(sample.name, types)
        declared = types.get(family, "untyped")
        if suffix == "_created" and declared in _COUNTING:
            continue
        is_counter = suffix in _COUNTING.get(declared, ())
        yield Series(sample, Kind.COUNTER if is_counter else Kind.GAUGE, family, suffix == "_bucket")


def _family(name: str, types: Mapping[str, str]) -> tuple[str, str]:
    """The declared family of a name, and the suffix of its part; a name of its own where none is declared."""
    if name in types:
        return name, ""
    for suffix in SUFFIXES:
        if name.endswith(suffix) and name.removesuffix(suffix) in types:
            return name.removesuffix(suffix), suffix
    return name, ""
