"""How the alert of an environment goes from state to state."""

from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.rules import AlertCommand, Rule
from pulsemon_schemas.rules.rule import FLEET, SHARE

from pulsemon_stream_processors.engine.alert import (
    ACKNOWLEDGED,
    EXPIRED,
    FIRING,
    PENDING,
    RESOLVED,
    UNKNOWN,
    Alert,
    Evidence,
)
from pulsemon_stream_processors.engine.identity import digest
from pulsemon_stream_processors.fleet.census import Count
from pulsemon_stream_processors.fleet.fleet_configuration import FleetConfiguration
from pulsemon_stream_processors.fleet.fleet_journal import FleetJournal
from pulsemon_stream_processors.fleet.group import Group
from pulsemon_stream_processors.fleet.step import Step

KEEP_ENDED_MS = 7 * 24 * 3_600_000
MAX_ENDED = 64
"""Ended alerts that an environment keeps; a tombstone follows early for more."""


class Judgement:
    """Judges groups at a step, and has what follows written down."""

    def __init__(self, configuration: FleetConfiguration, journal: FleetJournal) -> None:
        self._configuration = configuration
        self._journal = journal

    def judge(self, group: Group, count: Count, step: Step) -> None:
        """Moves the alert of an environment to where its counts are."""
        rule = self._rule_of(group)
        self._take_rule(group, rule, count, step)
        if rule is not None and count.servers >= rule.min_servers:
            self._judge(group, rule, count, step)
        self._look_after(group, step)
        self._forget(group, step)

    def obey(self, group: Group, command: AlertCommand, step: Step) -> None:
        """What somebody does to the alert; nothing happens if it has ended, or is in no state for it."""
        alert, reason = group.alert, command.note or command.command
        if alert is None or alert.id != command.alert_id:
            return
        match command.command:
            case "acknowledge" if alert.state == FIRING:
                self._move(group, alert, ACKNOWLEDGED, alert.level, step, reason, command.author)
                alert.acknowledged_until_ms = command.until_ms
            case "unacknowledge" if alert.state == ACKNOWLEDGED:
                self._move(group, alert, FIRING, alert.level, step, reason, command.author)
            case "resolve":
                self._end(group, RESOLVED, step, reason, command.author)
                group.is_closed = True

    def lose(self, group: Group, step: Step, reason: str) -> None:
        """Events are missing: nobody knows how much of the environment is silent."""
        alert = group.alert
        if alert is None or alert.state == UNKNOWN:
            return
        if alert.state == PENDING:
            self._end(group, EXPIRED, step, reason)
        else:
            self._move(group, alert, UNKNOWN, alert.level, step, reason)

    def _rule_of(self, group: Group) -> Rule | None:
        if group.cohort is None:
            return self._configuration.rule(group.environment)
        return self._configuration.group_rule(group.cohort.rule_id)

    def _take_rule(self, group: Group, rule: Rule | None, count: Count, step: Step) -> None:
        before = group.rule
        reason = ""
        if rule is None:
            unreadable = self._configuration.unreadable(before.id) if before else ""
            reason = unreadable or "its rule was deleted or disabled"
        elif before is not None and before.id != rule.id:
            reason = f"rule {rule.id} judges the environment now"
        elif count.servers < rule.min_servers:
            reason = f"{count.servers} servers are left, and the rule needs {rule.min_servers}"
        elif group.alert is not None and rule.level(group.alert.level) is None:
            reason = f"the rule has no level {group.alert.level} any more"
        if reason:
            actor = self._configuration.authors.get(before.id, "") if before and rule is not before else ""
            self._end(group, EXPIRED, step, reason, actor)
            group.is_closed = False
        if rule is None:
            group.rule = None
        elif rule is not before:
            group.take_rule(rule)

    def _judge(self, group: Group, rule: Rule, count: Count, step: Step) -> None:
        value = count.silent / count.servers if rule.kind == FLEET or rule.value == SHARE else float(count.silent)
        if group.is_closed:
            group.is_closed = any(rule.is_beyond(value, level.limit) for level in rule.levels)
            return
        group.judge(rule, value, step.elapsed_ms, step.hole_ms)
        evidence = Evidence(value, count.servers, step.offset)
        text = f"{count.silent} of {count.servers} servers are {'silent' if rule.kind == FLEET else 'healthy'}"
        firing, waiting = group.firing_level(), group.pending_level()
        if group.alert is not None:
            group.alert.evidence = evidence
            if group.alert.state == PENDING:
                self._advance_pending(group, group.alert, firing, waiting, step, text)
            else:
                self._advance_firing(group, group.alert, firing, step, text)
        if group.alert is None and (firing or waiting):  # a milder level may have been waiting while a worse one held
            found = digest("alert", "fleet", group.environment, rule.id, step.clock_ms)
            group.alert = Alert(found, step.clock_ms, step.offset, evidence=evidence)
            self._move(group, group.alert, FIRING if firing else PENDING, firing or waiting, step, text)

    def _advance_pending(self, group: Group, alert: Alert, firing: str, waiting: str, step: Step, text: str) -> None:
        if firing:
            self._move(group, alert, FIRING, firing, step, text)
        elif not waiting:
            self._end(group, EXPIRED, step, f"did not last: {text}", keeps_conditions=True)

    def _advance_firing(self, group: Group, alert: Alert, firing: str, step: Step, text: str) -> None:
        if not firing:
            self._end(group, RESOLVED, step, f"recovered: {text}", keeps_conditions=True)
        elif alert.state == UNKNOWN:
            self._move(group, alert, FIRING, firing, step, text)
        elif firing != alert.level:
            levels = [level.name for level in group.rule.levels] if group.rule else []
            is_worse = levels.index(firing) > levels.index(alert.level)
            self._move(group, alert, FIRING if is_worse else alert.state, firing, step, text)

    def _look_after(self, group: Group, step: Step) -> None:
        """Acknowledgements that end, and silences that begin or end."""
        alert, rule = group.alert, group.rule
        if alert is None or rule is None or alert.state == PENDING:
            return
        if alert.state == ACKNOWLEDGED and 0 < alert.acknowledged_until_ms <= step.clock_ms:
            self._move(group, alert, FIRING, alert.level, step, "the acknowledgement ended")
        found = self._suppressors(group, rule, alert.level, step)
        if found != alert.suppressed_by:
            reason = f"silenced by {', '.join(found)}" if found else "not silenced any more"
            self._move(group, alert, alert.state, alert.level, step, reason)

    def _forget(self, group: Group, step: Step) -> None:
        while group.ended and (step.clock_ms - group.ended[0][1] >= KEEP_ENDED_MS or len(group.ended) > MAX_ENDED):
            self._journal.alert_gone(group.environment, group.ended.pop(0)[0], step)

    def _end(
        self, group: Group, state: str, step: Step, reason: str, actor: str = "", *, keeps_conditions: bool = False
    ) -> None:
        alert = group.alert
        if alert is not None:
            before = alert.state
            self._move(group, alert, state, alert.level, step, reason, actor)
            if before == PENDING:  # it never fired: nobody asks for its newest state
                self._journal.alert_gone(group.environment, alert.id, step)
            else:
                group.ended.append((alert.id, step.clock_ms))
            group.alert = None
        if not keeps_conditions:
            group.rest()

    def _move(
        self, group: Group, alert: Alert, state: str, level: str, step: Step, reason: str, actor: str = ""
    ) -> None:
        rule = group.rule
        assert rule is not None
        before = (alert.state, alert.level)
        alert.transition += 1
        alert.state, alert.level = state, level
        if state != ACKNOWLEDGED:
            alert.acknowledged_until_ms = 0
        alert.suppressed_by = self._suppressors(group, rule, level, step)
        self._journal.alert(group.environment, group.labels, rule, alert, before, step, reason=reason, actor=actor)

    def _suppressors(self, group: Group, rule: Rule, level: str, step: Step) -> tuple[str, ...]:
        labels = parse_labels(group.labels)
        return self._configuration.suppressors(group.environment, labels, rule, level, step.clock_ms)
