"""Writes down what happens to environments, as the records of the output topics."""

from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.reasons import NOT_APPLIED
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.environments import environment_id
from pulsemon_schemas.rules.rule import GROUP
from pulsemon_schemas.topics import ALERT_STATE, ALERTS, DEADLETTER, EVENTS

from pulsemon_stream_processors.engine.alert import Alert
from pulsemon_stream_processors.engine.identity import digest, event_id
from pulsemon_stream_processors.engine.notice import notice
from pulsemon_stream_processors.engine.output import Output
from pulsemon_stream_processors.fleet.place import FleetPlace
from pulsemon_stream_processors.fleet.step import Step

SHARE, HEALTHY = "share", "healthy"
"""The window functions of these alerts: their value is the share of servers that are silent, or says how many are
healthy; the count is all of them.
"""


class FleetJournal:
    """``take`` hands out what was written since the last time."""

    def __init__(self, place: FleetPlace) -> None:
        self._place = place
        self._outputs: list[Output] = []

    def take(self) -> list[Output]:
        """The outputs so far; they are forgotten here."""
        outputs, self._outputs = self._outputs, []
        return outputs

    @property
    def written(self) -> int:
        """How much was written since ``take``."""
        return len(self._outputs)

    def forget(self, written: int) -> None:
        """Takes back what was written after that."""
        del self._outputs[written:]

    def failure(self, environment: str, problem: str, step: Step) -> None:
        """An environment that could not be judged."""
        server_id = environment_id(environment)
        facts = {
            "problem": problem,
            "topic_id": self._place.topic_id,
            "partition": step.partition,
            "offset": step.offset,
            "control_offset": step.control_offset,
        }
        identity = digest(NOT_APPLIED, server_id, step.clock_ms, problem)
        value = notice(NOT_APPLIED, identity, server_id, facts, step.clock_ms)
        self._write(EVENTS.name, server_id, server_id, value, step)

    def alert(
        self,
        environment: str,
        labels: str,
        rule: Rule,
        alert: Alert,
        before: tuple[str, str],
        step: Step,
        *,
        reason: str,
        actor: str,
    ) -> None:
        """A transition that was just made; ``before`` has the state and the level that it left.

        Its offsets name the one metrics record, a Tick or a batch, whose events brought it about.
        """
        level = rule.level(alert.level)
        limit = level.limit if level else None
        evidence = alert.evidence
        server_id = environment_id(environment)
        event = AlertEvent(
            event_id=event_id(alert.id, alert.transition),
            alert_id=alert.id,
            transition=alert.transition,
            server_id=server_id,
            rule_id=rule.id,
            rule_version=rule.version,
            rule_author=rule.author,
            metric="",
            labels=labels,
            previous_state=before[0],
            state=alert.state,
            previous_level=before[1],
            level=alert.level,
            reason=reason,
            actor=actor,
            started_at_ms=alert.started_ms,
            occurred_at_ms=step.clock_ms,
            late=False,
            value=evidence.value if evidence else None,
            limit=limit,
            calm_value=rule.calm_value(limit) if limit is not None else None,
            window_function=HEALTHY if rule.kind == GROUP else SHARE,
            window_seconds=0.0,
            sample_count=evidence.sample_count if evidence else 0,
            topic_id=self._place.topic_id,
            partition=step.partition,
            first_offset=step.offset,
            last_offset=step.offset,
            control_offset=step.control_offset,
            suppressed_by=alert.suppressed_by,
        )
        value = codec.encode(event)
        self._write(ALERTS.name, server_id, server_id, value, step)
        self._write(ALERT_STATE.name, server_id, alert.id, value, step)

    def alert_gone(self, environment: str, alert: str, step: Step) -> None:
        """Nobody needs the newest state of an alert any more."""
        self._write(ALERT_STATE.name, environment_id(environment), alert, None, step)

    def dead_letter(self, record: LogRecord, error: ContractError) -> None:
        """A record that is no event, untouched."""
        headers = (
            ("reason", error.reason),
            ("detail", error.detail),
            ("topic", record.topic),
            ("topic_id", self._place.log_id),
            ("partition", str(record.partition)),
            ("offset", str(record.offset)),
            ("role", "processor"),
        )
        self._outputs.append(Output(DEADLETTER.name, None, *record.raw, "", record.offset, headers))

    def _write(self, topic: str, server_id: str, key: str, value: bytes | None, step: Step) -> None:
        partition = partition_for(server_id.encode(), self._place.partition_count)
        self._outputs.append(Output(topic, partition, key.encode(), value, "", step.offset))
