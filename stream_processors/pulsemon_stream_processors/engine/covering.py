"""Alerts of a server that keep others of it from paging: it is down, or the same series is critical already."""

from collections.abc import Mapping
from typing import NamedTuple

from pulsemon_schemas.rules.rule import ABSENCE, LEVELS, Rule
from pulsemon_schemas.rules.suppression import inhibitor

from pulsemon_stream_processors.engine.alert import ACKNOWLEDGED, FIRING, FLAPPING, UNKNOWN
from pulsemon_stream_processors.engine.server import Server

CRITICAL = LEVELS[-1]
SURE = frozenset({FIRING, ACKNOWLEDGED, FLAPPING})


class Covering(NamedTuple):
    """The alert about the server's silence, "" for none, and the critical ones by metric and labels."""

    silence: str
    criticals: Mapping[tuple[str, str], str]

    def inhibitors(self, rule: Rule, labels: str, level: str) -> tuple[str, ...]:
        """What covers an alert. A critical one is covered by silence alone, and silence by nothing."""
        if rule.kind == ABSENCE:
            return ()
        found = [inhibitor(self.silence)] if self.silence else []
        worse = self.criticals.get((rule.metric, labels)) if level != CRITICAL else None
        return tuple(sorted([*found, inhibitor(worse)])) if worse else tuple(found)


def covering(server: Server) -> Covering:
    """What of a server covers other alerts now. Of several critical ones that with the lowest key does."""
    silence = server.silence.alert
    criticals: dict[tuple[str, str], str] = {}
    for key in sorted(server.open, reverse=True):
        watch = server.open[key]
        alert = watch.alert
        if alert is not None and alert.level == CRITICAL and alert.state in SURE and alert.is_confirmed:
            criticals[watch.rule.metric, key.labels] = alert.id
    is_silent = silence is not None and silence.state in {*SURE, UNKNOWN}
    return Covering(silence.id if silence is not None and is_silent else "", criticals)
