"""Which values of a batch are watched: found once for the series that a producer repeats."""

from typing import NamedTuple

from pulsemon_schemas.labels import canonical
from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.rule import COMPOSITE, MISSING
from pulsemon_schemas.rules.scope import is_subset

from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.joint import Joint, series_of
from pulsemon_stream_processors.engine.judged import Judged, Key
from pulsemon_stream_processors.engine.missing import Missing
from pulsemon_stream_processors.engine.probe import Probe
from pulsemon_stream_processors.engine.watch import Watch

MAX_PLANS = 8
MAX_WATCHES = 2048
"""Series under a rule that one server may have: labels without end must not fill the memory."""


class Plan(NamedTuple):
    """For batches with these names and labels: the places of the values that are watched, and of those that composites
    read, with the composites that are to be judged after them. ``wanted`` look for a series, and it is there.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    watched: tuple[tuple[int, Watch], ...]
    probed: tuple[tuple[int, Probe], ...]
    joints: tuple[Joint, ...]
    wanted: tuple[Missing, ...]
    passed_over: int


def make_plan(
    watches: dict[Key, Judged],
    server: ServerProfile,
    configuration: Configuration,
    names: tuple[str, ...],
    labels: tuple[str, ...],
) -> Plan:
    """Finds the rule of each series; what is new comes into being, what is known takes the rule's new version."""
    making = _Making(watches)
    for index, name in enumerate(names):
        if not configuration.watches(name):
            continue
        label_map = label_map_of(labels[index])
        for family, rule in configuration.rules_for(server, name, label_map).items():
            if not rule.levels:
                continue
            if rule.kind == COMPOSITE:
                making.probe(index, rule, name, labels[index], label_map)
            elif rule.kind == MISSING:
                making.see(rule, name, label_map)
            else:
                making.watch(index, rule, Key(family, name, labels[index]), label_map)
    joints = tuple(making.joints[key] for key in sorted(making.joints))
    return Plan(
        names,
        labels,
        tuple(making.watched),
        tuple(making.probed),
        joints,
        tuple(making.wanted.values()),
        making.passed_over,
    )


def missing_key(rule: Rule, name: str, label_map: dict[str, str]) -> tuple[Key, dict[str, str]]:
    """Under which key a rule looks for a series, and the labels that tell it from others."""
    shared = {key: label_map[key] for key in rule.by}
    return Key(rule.family, name, canonical(shared), rule.id), shared


def label_map_of(text: str) -> dict[str, str]:
    """The labels of a series; none if a producer wrote them in a way of its own."""
    try:
        return parse_labels(text)
    except ValueError:
        return {}


class _Making:
    """A plan while it is made."""

    def __init__(self, watches: dict[Key, Judged]) -> None:
        self._watches = watches
        self._size = sum(one.size() for one in watches.values())
        self.watched: list[tuple[int, Watch]] = []
        self.probed: list[tuple[int, Probe]] = []
        self.joints: dict[Key, Joint] = {}
        self.wanted: dict[Key, Missing] = {}
        self.passed_over = 0

    def see(self, rule: Rule, name: str, label_map: dict[str, str]) -> None:
        """A series that a rule wants to be there."""
        if not all(key in label_map for key in rule.by):
            return
        key, shared = missing_key(rule, name, label_map)
        missing = self._watches.get(key)
        if not isinstance(missing, Missing):
            if self._size >= MAX_WATCHES:
                self.passed_over += 1
                return
            self._size += 1
            self._watches[key] = missing = Missing(key, shared, rule)
        missing.adopt(rule)
        self.wanted[key] = missing

    def watch(self, index: int, rule: Rule, key: Key, label_map: dict[str, str]) -> None:
        """A series under a threshold."""
        watch = self._watches.get(key)
        if isinstance(watch, Watch) and watch.rule.id == rule.id:
            watch.adopt(rule)
        elif watch is None and self._size >= MAX_WATCHES:
            self.passed_over += 1
            return
        else:
            self._size += watch is None
            self._watches[key] = watch = Watch(key, label_map, rule)
        if watch.failed_version != rule.version:
            self.watched.append((index, watch))

    def probe(self, index: int, rule: Rule, name: str, labels: str, label_map: dict[str, str]) -> None:
        """A series under a composite; without all of the labels by which that joins series it has no place there."""
        if not all(key in label_map for key in rule.by):
            return
        shared = {key: label_map[key] for key in rule.by}
        key = Key(rule.family, "", canonical(shared), rule.id)
        joint = self._watches.get(key)
        if not isinstance(joint, Joint):
            joint = Joint(key, shared, rule)
        joint.adopt(rule)
        for source, series in series_of(rule).items():
            if series.metric != name or not is_subset(series.match, label_map):
                continue
            if labels not in joint.probes.get(source, ()):
                if self._size >= MAX_WATCHES:
                    self.passed_over += 1
                    continue
                self._size += 1
            self._watches[key] = joint
            if joint.failed_version != rule.version:
                self.joints[key] = joint
                self.probed.append((index, joint.probe(source, series, labels)))
