"""Writes down what happens, as the records of the output topics."""

import json
from collections.abc import Mapping
from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent, LogRecord, ServerState
from pulsemon_schemas.rules import Level, Rule, ServerProfile
from pulsemon_schemas.rules.shadow import is_shadow
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import ALERT_STATE, ALERTS, ALERTS_SHADOW, DEADLETTER, EVENTS, FLEET_EVENTS, SERVER_STATE

from pulsemon_stream_processors.engine.alert import Alert
from pulsemon_stream_processors.engine.identity import SHADOW, digest, event_id
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.notice import notice
from pulsemon_stream_processors.engine.output import Output
from pulsemon_stream_processors.engine.place import Place


class Journal:
    """The outputs of one input record after another. ``begin`` starts those of the next."""

    def __init__(self, place: Place, time: LogTime) -> None:
        self._place = place
        self._time = time
        self._offset = -1
        self.control_offset = -1
        self.outputs: list[Output] = []

    @property
    def offset(self) -> int:
        """The input record at hand."""
        return self._offset

    def begin(self, offset: int) -> list[Output]:
        """Starts the outputs of an input record; the list grows until the next begins."""
        self._offset = offset
        self.outputs = []
        return self.outputs

    def alert(
        self,
        server: ServerProfile,
        rule: Rule,
        labels: str,
        alert: Alert,
        before: tuple[str, str],
        *,
        first_offset: int,
        reason: str,
        actor: str,
        occurred_ms: int,
    ) -> None:
        """A transition that was just made; ``before`` has the state and the level that it left."""
        level = rule.level(alert.level)
        limit = level.limit if level else None
        evidence = alert.evidence
        event = AlertEvent(
            event_id=event_id(alert.id, alert.transition),
            alert_id=alert.id,
            transition=alert.transition,
            server_id=server.server_id,
            rule_id=rule.id,
            rule_version=rule.version,
            rule_author=rule.author,
            metric=rule.metric,
            labels=labels,
            previous_state=before[0],
            state=alert.state,
            previous_level=before[1],
            level=alert.level,
            reason=reason,
            actor=actor,
            started_at_ms=alert.started_ms,
            occurred_at_ms=occurred_ms,
            late=alert.late,
            value=evidence.value if evidence else None,
            limit=limit,
            calm_value=_calm_value(rule, alert, level),
            window_function=rule.window.function if rule.metric else "",
            window_seconds=rule.window.seconds,
            sample_count=evidence.sample_count if evidence else 0,
            topic_id=self._place.topic_id,
            partition=self._place.partition,
            first_offset=first_offset,
            last_offset=self._offset,
            control_offset=self.control_offset,
            suppressed_by=alert.suppressed_by,
        )
        value = codec.encode(event)
        if is_shadow(rule.id):
            self._write(ALERTS_SHADOW.name, server.server_id.encode(), value, server.server_id)
            return
        self._write(ALERTS.name, server.server_id.encode(), value, server.server_id)
        self._write(ALERT_STATE.name, alert.id.encode(), value, server.server_id)

    def alert_gone(self, server_id: str, alert: str) -> None:
        """Nobody needs the newest state of an alert any more."""
        if alert.startswith(SHADOW):
            return
        self._write(ALERT_STATE.name, alert.encode(), None, server_id)

    def server_state(self, profile: ServerProfile, state: Mapping[str, Any], silence: str, is_transition: bool) -> None:
        """A status, or what it rests on, changed; ``state`` has the fields of ServerState that are not known here."""
        record = ServerState(
            server_id=profile.server_id,
            topic_id=self._place.topic_id,
            partition=self._place.partition,
            offset=self._offset,
            control_offset=self.control_offset,
            **state,
        )
        self._write(SERVER_STATE.name, profile.server_id.encode(), codec.encode(record), profile.server_id)
        if is_transition:
            body = {
                "type": "status",
                "server_id": profile.server_id,
                "environment": profile.environment,
                "status": record.status,
                "previous_status": record.previous_status,
                "silence": silence,
                "time_ms": record.changed_at_ms,
            }
            self._fleet(profile.server_id.encode(), body, profile.server_id)

    def server_gone(self, server_id: str) -> None:
        """A server was purged."""
        self._write(SERVER_STATE.name, server_id.encode(), None, server_id)

    def partition_time(self, clock_ms: int, elapsed_ms: int) -> None:
        """How far the partition's time is, for rules across servers."""
        self._fleet(TICK_KEY, {"type": "time", "time_ms": clock_ms, "elapsed_ms": elapsed_ms}, "")

    def dead_letter(self, record: LogRecord, error: ContractError) -> None:
        """A record that breaks the contract, untouched."""
        headers = (
            ("reason", error.reason),
            ("detail", error.detail),
            ("topic", record.topic),
            ("topic_id", self._place.topic_id),
            ("partition", str(record.partition)),
            ("offset", str(record.offset)),
            ("role", "processor"),
        )
        self.outputs.append(Output(DEADLETTER.name, None, *record.raw, "", self._offset, headers))

    def event(self, kind: str, server_id: str, facts: Mapping[str, object]) -> None:
        """Something that people must hear of: a rule that cannot be judged, records that are missing."""
        identity = digest(kind, server_id, json.dumps(facts, sort_keys=True))
        value = notice(kind, identity, server_id, {**facts, **self._here()}, self._time.clock_ms)
        self._write(EVENTS.name, server_id.encode() or TICK_KEY, value, server_id)

    def _fleet(self, key: bytes, body: Mapping[str, Any], server_id: str) -> None:
        value = json.dumps({**body, **self._here()}, sort_keys=True, separators=(",", ":")).encode()
        self.outputs.append(Output(FLEET_EVENTS.name, 0, key, value, server_id, self._offset))

    def _here(self) -> dict[str, object]:
        return {
            "topic_id": self._place.topic_id,
            "partition": self._place.partition,
            "offset": self._offset,
            "control_offset": self.control_offset,
        }

    def _write(self, topic: str, key: bytes, value: bytes | None, server_id: str) -> None:
        self.outputs.append(Output(topic, self._place.partition, key, value, server_id, self._offset))


def _calm_value(rule: Rule, alert: Alert, level: Level | None) -> float | None:
    """The value nearest to the limit that would not fire; of an alert that flaps the recovery value it should have."""
    if alert.suggested is not None:
        return alert.suggested
    if level is None or alert.evidence is None or not rule.lead_decides(level):
        return None
    return rule.calm_value(level.limit)
