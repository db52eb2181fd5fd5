"""Which values of a batch are watched: found once for the series that a producer repeats."""

from typing import NamedTuple

from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.rules import Rule, ServerProfile

from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.watch import Key, Watch

MAX_PLANS = 8
MAX_WATCHES = 2048
"""Series under a rule that one server may have: labels without end must not fill the memory."""


class Plan(NamedTuple):
    """For batches with these names and labels: the places of the values that are watched."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    watched: tuple[tuple[int, Watch], ...]
    passed_over: int


def make_plan(
    watches: dict[Key, Watch],
    server: ServerProfile,
    configuration: Configuration,
    names: tuple[str, ...],
    labels: tuple[str, ...],
) -> Plan:
    """Finds the rule of each series; watches that are new come into being, known ones take the rule's new version."""
    watched: list[tuple[int, Watch]] = []
    passed_over = 0
    for index, name in enumerate(names):
        if not configuration.watches(name):
            continue
        label_map = label_map_of(labels[index])
        for family, rule in configuration.rules_for(server, name, label_map).items():
            if not rule.levels:
                continue
            watch = _watch(watches, Key(family, name, labels[index]), label_map, rule)
            if watch is None:
                passed_over += 1
            elif watch.failed_version != rule.version:
                watched.append((index, watch))
    return Plan(names, labels, tuple(watched), passed_over)


def label_map_of(text: str) -> dict[str, str]:
    """The labels of a series; none if a producer wrote them in a way of its own."""
    try:
        return parse_labels(text)
    except ValueError:
        return {}


def _watch(watches: dict[Key, Watch], key: Key, label_map: dict[str, str], rule: Rule) -> Watch | None:
    watch = watches.get(key)
    if watch is not None and watch.rule.id == rule.id:
        watch.adopt(rule)
        return watch
    if watch is None and len(watches) >= MAX_WATCHES:
        return None
    watches[key] = watch = Watch(key, label_map, rule)
    return watch
