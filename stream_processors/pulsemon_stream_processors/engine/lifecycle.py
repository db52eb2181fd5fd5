"""How an alert goes from state to state: pending, firing, acknowledged, unknown, resolved, expired."""

from collections.abc import Mapping
from typing import NamedTuple

from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.rule import COMPOSITE

from pulsemon_stream_processors.engine.alert import (
    ACKNOWLEDGED,
    ENDED,
    EXPIRED,
    FIRING,
    FLAPPING,
    PENDING,
    RESOLVED,
    UNKNOWN,
    Alert,
    Evidence,
)
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.covering import covering
from pulsemon_stream_processors.engine.flapping import ENTER, LEAVE, WINDOW_MS, noted, recovery_beyond, share
from pulsemon_stream_processors.engine.identity import SHADOW, alert_id
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.server import Server

MAX_ENDED = 64
"""Ended alerts that a server keeps; a tombstone follows early for more."""


class Subject(NamedTuple):
    """What an alert is about: a series under a rule, or a server's silence."""

    rule: Rule
    labels: str
    label_map: Mapping[str, str]


class Lifecycle:
    """Makes the transitions and has them written down."""

    def __init__(self, time: LogTime, configuration: Configuration, journal: Journal) -> None:
        self._time = time
        self._configuration = configuration
        self._journal = journal

    def advance(self, server: Server, watch: Judged, moment: Moment, evidence: Evidence) -> None:
        """Moves the alert of a series to where its conditions are after a sample."""
        level = watch.firing_level()
        alert = watch.alert
        if alert is not None:
            alert.evidence = evidence
            if alert.start_offset < 0:
                alert.start_offset = evidence.first_offset
            if alert.state == PENDING:
                self._advance_pending(server, watch, alert, level, moment, evidence.value)
            elif alert.state == FLAPPING:
                self._advance_flapping(server, watch, alert, level, moment, evidence.value)
            else:
                self._advance_firing(server, watch, alert, level, moment, evidence.value)
        if watch.alert is None:  # a milder level may have been waiting while a worse one recovered
            waiting = watch.pending_level()
            if level or waiting:
                self._begin(server, watch, moment, evidence, level or waiting, FIRING if level else PENDING)

    def expire(self, server: Server, watch: Judged, reason: str, actor: str = "", state: str = EXPIRED) -> None:
        """Ends the alert of a series without evidence: by a command, or because nothing judges it any more."""
        if watch.alert is not None:
            self.by_tick(server, subject_of(watch), watch.alert, state, watch.alert.level, reason, actor)
            del server.open[watch.key]
        watch.rest()

    def lose(self, server: Server, watch: Judged, reason: str) -> None:
        """The series of an alert is not there any more: nobody knows whether it still holds."""
        alert = watch.alert
        if alert is None or alert.state == UNKNOWN:
            return
        if alert.state == PENDING:
            self.expire(server, watch, reason)
            return
        alert.unknown_ms = self._time.elapsed_ms
        self.by_tick(server, subject_of(watch), alert, UNKNOWN, alert.level, reason)

    def by_tick(
        self, server: Server, subject: Subject, alert: Alert, state: str, level: str, reason: str, actor: str = ""
    ) -> None:
        """A transition that no sample made: it happens at the partition's calendar time."""
        self._move(server, subject, alert, state, level, reason, actor, self._time.clock_ms, alert.late)

    def suppressors(self, server: Server, subject: Subject, level: str) -> tuple[str, ...]:
        """What keeps an alert from paging now: silences and maintenance, and alerts that cover it."""
        covered = covering(server).inhibitors(subject.rule, subject.labels, level)
        return (*self.quiet(server, subject, level), *covered)

    def quiet(self, server: Server, subject: Subject, level: str) -> tuple[str, ...]:
        """The silences and maintenances that hold now."""
        return self._configuration.suppressors(
            server.profile, subject.label_map, subject.rule.id, level, self._time.clock_ms
        )

    def _begin(self, server: Server, watch: Judged, moment: Moment, evidence: Evidence, level: str, state: str) -> None:
        found = alert_id(server.server_id, watch.rule.id, watch.key.labels, moment.producer_id, moment.sequence)
        watch.alert = alert = Alert(found, moment.at_ms, evidence.first_offset, evidence=evidence)
        watch.is_idle = False
        server.open[watch.key] = watch
        if state == FIRING:
            watch.flips = noted(watch.flips, moment.at_ms, evidence.value)
        self._by_sample(server, watch, alert, state, level, moment, watch.told(level))

    def _advance_pending(
        self, server: Server, watch: Judged, alert: Alert, level: str, moment: Moment, value: float
    ) -> None:
        if level:
            watch.flips = noted(watch.flips, moment.at_ms, value)
            self._by_sample(server, watch, alert, FIRING, level, moment, _held_text(watch, level))
        elif not watch.pending_level():
            reason = "did not last: the limit was not crossed for long enough"
            self._by_sample(server, watch, alert, EXPIRED, alert.level, moment, reason)

    def _advance_firing(
        self, server: Server, watch: Judged, alert: Alert, level: str, moment: Moment, value: float
    ) -> None:
        state, reason = alert.state, ""
        if not level:
            watch.flips = noted(watch.flips, moment.at_ms, value)
            state, level, reason = RESOLVED, alert.level, "recovered"
            if watch.rule.flapping and share(watch.flips, moment.at_ms) >= ENTER:
                state, alert.is_calm = FLAPPING, True
                alert.suggested = recovery_beyond((at for _, at in watch.flips), fires_above=watch.rule.fires_above)
                reason = _flapping_text(watch, alert)
        elif alert.state == UNKNOWN:
            state, reason = FIRING, "samples are here again"
        elif level != alert.level:
            is_worse = _rank(watch.rule, level) > _rank(watch.rule, alert.level)
            state = FIRING if is_worse else alert.state
            reason = _held_text(watch, level) if is_worse else f"{alert.level} recovered"
        elif alert.late and not moment.late:
            reason = "holds still, now that samples are in time"
        if reason:
            self._by_sample(server, watch, alert, state, level, moment, reason)

    def _advance_flapping(
        self, server: Server, watch: Judged, alert: Alert, level: str, moment: Moment, value: float
    ) -> None:
        """Nothing is said of its changes before it is steady again, but for a level that is worse."""
        if alert.is_calm == bool(level):
            alert.is_calm = not level
            watch.flips = noted(watch.flips, moment.at_ms, value)
        suggested = recovery_beyond((value,), fires_above=watch.rule.fires_above)
        if alert.suggested is None or watch.rule.is_calmer(suggested, alert.suggested):
            alert.suggested = suggested
        is_worse = _rank(watch.rule, level) > _rank(watch.rule, alert.level)
        if share(watch.flips, moment.at_ms) < LEAVE and (level or _is_over(watch.rule, alert.level, value)):
            state = FIRING if level else RESOLVED
            reason = "steady again" if level else f"recovered; {_flapping_text(watch, alert)}"
            self._by_sample(server, watch, alert, state, level or alert.level, moment, reason)
        elif is_worse:
            self._by_sample(server, watch, alert, FLAPPING, level, moment, _held_text(watch, level))

    def _by_sample(
        self,
        server: Server,
        watch: Judged,
        alert: Alert,
        state: str,
        level: str,
        moment: Moment,
        reason: str,
    ) -> None:
        self._move(server, subject_of(watch), alert, state, level, reason, "", moment.at_ms, moment.late)
        if state in ENDED:
            del server.open[watch.key]
            watch.alert = None
            watch.is_idle = True

    def _move(
        self,
        server: Server,
        subject: Subject,
        alert: Alert,
        state: str,
        level: str,
        reason: str,
        actor: str,
        occurred_ms: int,
        late: bool,
    ) -> None:
        before = (alert.state, alert.level)
        alert.transition += 1
        alert.state, alert.level, alert.late = state, level, late
        alert.is_confirmed = alert.is_confirmed or not late
        if state != ACKNOWLEDGED:
            alert.acknowledged_until_ms = 0
        if state != UNKNOWN:
            alert.unknown_ms = -1
        if FLAPPING not in {state, before[0]}:
            alert.suggested = None
        alert.suppressed_by = self.suppressors(server, subject, level)
        first_offset = alert.start_offset
        if alert.evidence is not None and (first_offset < 0 or before[0] not in {"", PENDING}):
            first_offset = alert.evidence.first_offset
        self._journal.alert(
            server.profile,
            subject.rule,
            subject.labels,
            alert,
            before,
            first_offset=first_offset,
            reason=reason,
            actor=actor,
            occurred_ms=occurred_ms,
        )
        if state in ENDED:
            self._keep_ended(server, alert, before[0])

    def _keep_ended(self, server: Server, alert: Alert, previous_state: str) -> None:
        if alert.id.startswith(SHADOW):  # nobody keeps its newest state
            return
        if previous_state == PENDING:  # it never fired: nobody asks for its newest state
            self._journal.alert_gone(server.server_id, alert.id)
            return
        server.ended.append((alert.id, self._time.clock_ms))
        if len(server.ended) > MAX_ENDED:
            self._journal.alert_gone(server.server_id, server.ended.pop(0)[0])


def subject_of(watch: Judged) -> Subject:
    """What the alert of a series is about."""
    return Subject(watch.rule, watch.key.labels, watch.label_map)


def _rank(rule: Rule, name: str) -> int:
    return next((at for at, level in enumerate(rule.levels) if level.name == name), -1)


def _is_over(rule: Rule, name: str, value: float) -> bool:
    """Whether a value is evidence by itself that a level is over; of a composite its conditions are."""
    level = rule.level(name)
    return rule.kind == COMPOSITE or level is None or rule.is_recovered(value, level)


def _flapping_text(watch: Judged, alert: Alert) -> str:
    count, minutes = len(watch.flips), WINDOW_MS // 60_000
    return f"{count} changes within {minutes} minutes: a recovery of {alert.suggested:g} would make it one alert"


def _held_text(watch: Judged, name: str) -> str:
    level = watch.rule.level(name)
    held = f" held for {level.for_seconds:g} s" if level and level.for_seconds else ""
    return watch.told(name) + held
