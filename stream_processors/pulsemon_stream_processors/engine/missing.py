"""Series that a rule wants to be there: when they last were, and the alert about those that are not."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules.rule import Rule

from pulsemon_stream_processors.engine.condition import NEVER
from pulsemon_stream_processors.engine.judged import Judged, Key
from pulsemon_stream_processors.engine.moment import Moment


class Missing(Judged):
    """``seen_ms`` is the elapsed time, ``seen_at_ms`` the calendar time at which a series was there last, or at which
    the rule began to look for it; the batch that had it is ``producer_id``, ``sequence`` and ``offset``.
    """

    __slots__ = ("offset", "producer_id", "seen_at_ms", "sequence")

    def __init__(self, key: Key, label_map: Mapping[str, str], rule: Rule) -> None:
        super().__init__(key, label_map, rule)
        self.producer_id = ""
        self.sequence = NEVER
        self.offset = NEVER
        self.seen_at_ms = 0

    @property
    def stays(self) -> bool:
        """Without labels that tell series apart it looks for ever."""
        return not self.rule.by

    def adopt(self, rule: Rule) -> None:
        """Goes on under another version of the rule."""
        if rule is not self.rule:
            self._take(rule)

    def begin_anew(self) -> None:
        """There are no samples to forget."""

    def see(self, moment: Moment, clock_ms: int) -> None:
        """A series is there."""
        self.seen_ms = moment.elapsed_ms
        self.seen_at_ms = clock_ms
        self.producer_id, self.sequence, self.offset = moment.producer_id, moment.sequence, moment.offset

    def level_after(self, silent_ms: int) -> str:
        """The worst level whose limit a silence has reached, "" for none."""
        levels = reversed(self.rule.levels)
        return next((level.name for level in levels if silent_ms >= level.limit * 1000), "")

    def told(self, level_name: str) -> str:
        """How long it was not there."""
        level = self.rule.level(level_name)
        return f"no sample for {level.limit:g} s" if level else level_name

    def kept(self) -> tuple[Any, ...]:
        """As of every ``Judged``, with when it was seen."""
        return super().kept(), self.seen_ms, self.seen_at_ms, self.producer_id, self.sequence, self.offset

    def put_back(self, kept: tuple[Any, ...]) -> None:
        """Brings back what was kept."""
        super().put_back(kept[0])
        _, self.seen_ms, self.seen_at_ms, self.producer_id, self.sequence, self.offset = kept
