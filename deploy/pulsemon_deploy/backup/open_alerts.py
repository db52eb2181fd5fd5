"""Alerts that were open in a log that is no more: they end, and what is still wrong is found again as a new alert.

The state of a processor is not in a backup: it is of offsets of a log that a new broker has not. So no processor would
ever end these alerts. Their last transition goes where all others go, and whoever reads alerts hears of it.
"""

import time
from collections.abc import Iterable
from dataclasses import fields, replace

from confluent_kafka import KafkaException, Producer
from pulsemon_schemas.codec import encode
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.topics import ALERTS
from pulsemon_sinks.reader.alerts import Ask, Transition, open_alerts
from pulsemon_stream_processors.engine.alert import EXPIRED
from pulsemon_stream_processors.engine.identity import event_id

from pulsemon_deploy.control_log import QUIET

CLIENT_ID = "pulsemon-restore"
REASON = "restored"
TIMEOUT_SECONDS = 30.0


def ends(ask: Ask) -> tuple[AlertEvent, ...]:
    """The last transition of each alert that the store has as open. Errors as Store."""
    now_ms = int(time.time() * 1000)
    return tuple(_end(one, now_ms) for one in open_alerts(ask, with_pending=True))


def tell(settings: KafkaSettings, events: Iterable[AlertEvent], topic: str = ALERTS.name) -> None:
    """Writes them into the log of alerts. TransientError: telling them again does no harm."""
    producer = Producer({**producer_config(settings, CLIENT_ID), **QUIET})
    failures: list[str] = []
    try:
        for one in events:
            producer.produce(
                topic,
                encode(one),
                one.server_id.encode(),
                on_delivery=lambda error, _: failures.append(str(error)) if error else None,
            )
            producer.poll(0)
        left = producer.flush(TIMEOUT_SECONDS)
    except KafkaException as error:
        failures, left = [str(error)], 0
    if left or failures:
        raise TransientError(
            f"{left + len(failures)} ends of alerts were not confirmed ({failures[:1] or 'no answer'}); all else is "
            "restored; do the same again: it goes on"
        )


def _end(one: Transition, now_ms: int) -> AlertEvent:
    last = AlertEvent(**{field.name: getattr(one, field.name) for field in fields(AlertEvent)})
    return replace(
        last,
        event_id=event_id(one.alert_id, one.transition + 1),
        transition=one.transition + 1,
        previous_state=one.state,
        state=EXPIRED,
        previous_level=one.level,
        reason=REASON,
        actor="",
        occurred_at_ms=now_ms,
        suppressed_by=(),
    )
