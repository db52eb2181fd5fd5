"""What a rule judges on one server: the conditions of its levels, and its alert."""

from collections.abc import Callable, Mapping
from copy import copy
from operator import attrgetter
from typing import Any, NamedTuple

from pulsemon_schemas.rules.rule import ALERT, MISSING, Rule

from pulsemon_stream_processors.engine.alert import Alert
from pulsemon_stream_processors.engine.condition import NEVER, Condition
from pulsemon_stream_processors.engine.flapping import Flip

MISSED_STEPS = 3
"""Two samples may be missing between two others before time between them stops to count."""
FIRST_GAP_MS = 300_000
LONGEST_STEP_MS = 2 * 3_600_000

KEPT = ("rule", "conditions", "failed_version", "is_idle", "closed_seen_ms", "flips")
_kept_of = attrgetter(*KEPT)


class Key(NamedTuple):
    """What is judged, within its server. ``rule_id`` is empty where the rules of a family take turns at one series."""

    family: str
    metric: str
    labels: str
    rule_id: str = ""


class Judged:
    """``last_ms`` is the newest event time, ``step_ms`` the usual time between samples, ``seen_ms`` elapsed time.

    ``is_amended``: what was judged last was changed by a late sample. ``failed_version`` is the version of the rule
    that could not be judged, and is not tried again. ``is_idle``: there is no alert. ``closed_seen_ms`` is ``seen_ms``
    when somebody closed an alert about samples that do not come: there is no other before one comes. ``flips`` are the
    changes by which it began to fire or recovered.
    """

    __slots__ = (
        "alert",
        "closed_seen_ms",
        "conditions",
        "failed_version",
        "flips",
        "is_amended",
        "is_idle",
        "key",
        "label_map",
        "last_ms",
        "rule",
        "seen_ms",
        "step_ms",
    )

    rule: Rule
    conditions: dict[str, Condition]
    alert: Alert | None

    def __init__(self, key: Key, label_map: Mapping[str, str], rule: Rule) -> None:
        self.key = key
        self.label_map = label_map
        self.conditions = {}
        self._take(rule)
        self.alert = None
        self.is_idle = True
        self.is_amended = False
        self.last_ms = NEVER
        self.step_ms = 0
        self.seen_ms = 0
        self.closed_seen_ms = NEVER
        self.flips: tuple[Flip, ...] = ()
        self.failed_version = NEVER - 1

    @property
    def stays(self) -> bool:
        """Whether it is kept however long it was not seen."""
        return False

    @property
    def is_wanted(self) -> bool:
        """Whether samples that do not come are bad in themselves."""
        return self.rule.no_data == ALERT or self.rule.kind == MISSING

    def adopt(self, rule: Rule) -> None:
        """Goes on under another version of the rule: what it does not change keeps its state."""
        raise NotImplementedError

    def begin_anew(self) -> None:
        """Forgets the samples; an alert stays until others say something else."""
        raise NotImplementedError

    def told(self, level_name: str) -> str:
        """What crossed the limits of a level, for people."""
        raise NotImplementedError

    def forget(self, _age_ms: int, /) -> bool:
        """Lets go of what has not come for so long. Whether there was any."""
        return False

    def size(self) -> int:
        """How many series it reads."""
        return 1

    def firing_level(self) -> str:
        """The worst level that is on, "" for none."""
        return self._worst(lambda condition: condition.is_on)

    def pending_level(self) -> str:
        """The worst level whose limit is crossed but not for long enough, "" for none."""
        return self._worst(lambda condition: condition.since_ms != NEVER)

    def rest(self) -> None:
        """Forgets all conditions: the next alert begins anew."""
        for condition in self.conditions.values():
            condition.clear()
        self.alert = None
        self.is_idle = True

    def kept(self) -> tuple[Any, ...]:
        """What rules and transitions change, for ``put_back``; samples are not kept."""
        conditions = [(one, one.since_ms, one.is_on, one.calm_ms) for one in self.conditions.values()]
        return _kept_of(self), copy(self.alert), conditions

    def put_back(self, kept: tuple[Any, ...]) -> None:
        """Brings back what was kept."""
        values, self.alert, conditions = kept
        for name, value in zip(KEPT, values, strict=True):
            setattr(self, name, value)
        for one, since_ms, is_on, calm_ms in conditions:
            one.since_ms, one.is_on, one.calm_ms = since_ms, is_on, calm_ms

    def _take(self, rule: Rule) -> None:
        self.rule = rule
        self.conditions = {level.name: self.conditions.get(level.name) or Condition() for level in rule.levels}

    def _worst(self, holds: Callable[[Condition], bool]) -> str:
        return next((level.name for level in reversed(self.rule.levels) if holds(self.conditions[level.name])), "")


def learnt_step(step_ms: int, gap_ms: int) -> int:
    """The usual step after a gap: a shorter one is usual at once, longer ones only if they go on."""
    if gap_ms < step_ms:
        return gap_ms
    return step_ms + (min(gap_ms, 4 * step_ms) - step_ms) // 4
