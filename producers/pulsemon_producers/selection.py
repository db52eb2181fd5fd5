"""Which metrics of the catalogue an agent sends: those that are on by themselves, and what its settings say."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from pulsemon_schemas.catalogue import Metric


def select(metrics: Iterable[Metric], enable: Sequence[str], disable: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics with ``default_on`` as the patterns want it; ``disable`` wins. A pattern is a name, or has ``*``."""
    return tuple(replace(one, default_on=_is_on(one, enable, disable)) for one in metrics)


def unknown_patterns(metrics: Iterable[Metric], patterns: Iterable[str]) -> list[str]:
    """The patterns that no metric's name fits."""
    names = [one.name for one in metrics]
    return [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]


def _is_on(metric: Metric, enable: Sequence[str], disable: Sequence[str]) -> bool:
    is_wanted = metric.default_on or any(fnmatchcase(metric.name, pattern) for pattern in enable)
    return is_wanted and not any(fnmatchcase(metric.name, pattern) for pattern in disable)
