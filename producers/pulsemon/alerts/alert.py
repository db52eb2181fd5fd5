"""One transition of one alert, as a program that tells people about it wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.labels import parse

if TYPE_CHECKING:
    from pulsemon_schemas.records import AlertEvent, Record

ENDED = frozenset({"resolved", "expired"})


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the decision rests on: records of one partition of the metrics topic, and the configuration then.

    ``topic_id`` is the id of that life of the topic. ``control_offset`` is the last record of the control log that was
    in force, -1 for none.

    >>> str(Provenance("5b5cfbd0", 3, 1000, 1030, 41))
    'pulsemon.metrics[3] 1000..1030, control 41'
    """

    topic_id: str
    partition: int
    first_offset: int
    last_offset: int
    control_offset: int

    def __str__(self) -> str:
        return (
            f"pulsemon.metrics[{self.partition}] {self.first_offset}..{self.last_offset}, control {self.control_offset}"
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """One transition. ``id`` stays the same from the first to the last of an alert, ``transition`` counts from 0.

    ``state`` is pending, firing, acknowledged, resolved, unknown or expired; ``level`` is info, warning or critical.
    ``value`` and ``limit`` have the unit of ``metric``; both are None where nothing was measured, as when a server is
    silent. ``since`` is when the condition first held, ``at`` when this transition happened, both by the host's clock
    and in UTC. ``labels`` name the series, ``series`` is the same as one text. ``suppressed_by`` has what keeps it from
    paging, as ``silence/night``. ``inhibited_by`` is the id of the alert about the server's whole environment that
    covers this one about its silence, and empty unless ``read(inhibit=True)`` looked for it. ``summary``, ``runbook``
    and ``owner`` are those of the rule's version, and empty unless ``read(rules=True)`` looked them up.

    >>> from pulsemon.testing import example_alert
    >>> alert = example_alert(value=0.97)
    >>> alert.server, alert.state, alert.level, alert.value, alert.limit
    ('web-1', 'firing', 'critical', 0.97, 0.95)
    >>> alert.labels["mountpoint"], alert.since.isoformat(), alert.is_quiet
    ('/', '2026-05-28T20:21:40+00:00', False)
    """

    id: str
    transition: int
    event_id: str
    server: str
    rule: str
    rule_version: int
    rule_author: str
    level: str
    previous_level: str
    state: str
    previous_state: str
    metric: str
    labels: Mapping[str, str]
    series: str
    value: float | None
    limit: float | None
    calm_value: float | None
    window_function: str
    window_seconds: float
    sample_count: int
    since: datetime
    at: datetime
    late: bool
    reason: str
    actor: str
    suppressed_by: tuple[str, ...]
    provenance: Provenance
    summary: str = ""
    runbook: str = ""
    owner: str = ""
    inhibited_by: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is to be woken: late data made it, or a silence, maintenance or another alert covers it."""
        return self.late or bool(self.suppressed_by) or bool(self.inhibited_by)

    @property
    def is_over(self) -> bool:
        """Whether the alert ended with this transition."""
        return self.state in ENDED


def decode(value: bytes) -> Alert:
    """The alert in a record of ``pulsemon.alerts``, for programs that read the topic themselves.

    Raises ContractError, which says what is wrong, if the bytes are no alert.

    >>> from pulsemon.testing import example_alert_record
    >>> decode(example_alert_record(state="resolved")).is_over
    True
    """
    from pulsemon_schemas import codec

    return alert_of(codec.decode(value))


def alert_of(record: "Record") -> Alert:
    """The alert in a decoded record. Raises ContractError if it is a record of another kind, or cannot be true."""
    from pulsemon_schemas.records import AlertEvent

    if not isinstance(record, AlertEvent):
        raise ContractError("unknown_schema", f"a {type(record).__name__} where alerts are")
    try:
        return _alert(record)
    except (ValueError, OverflowError, OSError) as error:  # a time that no calendar has
        raise ContractError("malformed", str(error)) from error


def _alert(event: "AlertEvent") -> Alert:
    return Alert(
        id=event.alert_id,
        transition=event.transition,
        event_id=event.event_id,
        server=event.server_id,
        rule=event.rule_id,
        rule_version=event.rule_version,
        rule_author=event.rule_author,
        level=event.level,
        previous_level=event.previous_level,
        state=event.state,
        previous_state=event.previous_state,
        metric=event.metric,
        labels=_labels(event.labels),
        series=event.labels,
        value=event.value,
        limit=event.limit,
        calm_value=event.calm_value,
        window_function=event.window_function,
        window_seconds=event.window_seconds,
        sample_count=event.sample_count,
        since=_utc(event.started_at_ms),
        at=_utc(event.occurred_at_ms),
        late=event.late,
        reason=event.reason,
        actor=event.actor,
        suppressed_by=event.suppressed_by,
        provenance=Provenance(
            event.topic_id, event.partition, event.first_offset, event.last_offset, event.control_offset
        ),
    )


def _labels(text: str) -> Mapping[str, str]:
    """Series of foreign producers may have labels that nobody can take apart: they still have their text."""
    try:
        return MappingProxyType(parse(text))
    except ValueError:
        return MappingProxyType({})


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
