"""Following what inhibits alerts: the control log and the newest state of alerts, read when one may be inhibited."""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pulsemon_schemas import codec
from pulsemon_schemas.errors import AuthError, ContractError
from pulsemon_schemas.records import AlertEvent, ControlRecord
from pulsemon_schemas.rules.inhibition import is_silence

from pulsemon.alerts.alert import Alert
from pulsemon.alerts.environments import Environments

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message

log = logging.getLogger(__name__)

Place = tuple[str, int]

FRESH_SECONDS = 1.0
TRY_AGAIN_SECONDS = 60.0
SILENCE_SECONDS = 5.0
METADATA_SECONDS = 5.0
READ_SECONDS = 0.1
READ_RECORDS = 500
# An end is told by an empty answer, for which the broker waits this long.
OWN = {"enable.partition.eof": True, "fetch.wait.max.ms": 20, "log_level": 2}


class Following:
    """Reads both topics from their start, and later what came since: no place is kept, so a restart forgets nothing.

    What it knows is at most a second old when it is asked. After a failure, which is logged, nothing is looked up for a
    minute, and what is known until then counts.
    """

    def __init__(self, config: Mapping[str, Any], control_topic: str, state_topic: str) -> None:
        from confluent_kafka import Consumer

        self._control_topic = control_topic
        self._topics = (control_topic, state_topic)
        self._consumer: Consumer = Consumer({**config, **OWN}, logger=log)
        self._environments = Environments()
        self._next: dict[Place, int] = {}
        self._not_before = 0.0

    def start(self) -> None:
        """Reads all there is. Raises AuthError if the login may not."""
        self._look()

    def inhibitor(self, alert: Alert) -> str:
        """The id of the alert about its environment that covers this one, "" for none. Raises AuthError."""
        if is_silence(alert.server, alert.metric) and time.monotonic() >= self._not_before:
            self._look()
        return self._environments.inhibitor(alert)

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()

    def _look(self) -> None:
        from confluent_kafka import KafkaException

        wait_seconds = FRESH_SECONDS
        try:
            self._read([place for topic in self._topics for place in self._places(topic)])
        except (_NotReadError, KafkaException) as error:
            wait_seconds = TRY_AGAIN_SECONDS
            log.warning(
                "What inhibits alerts cannot be read: %s. No alert is lost, but those of servers of a silent "
                "environment may come without inhibited_by; the next look is in %.0f s.",
                error,
                wait_seconds,
            )
        self._not_before = time.monotonic() + wait_seconds

    def _places(self, topic: str) -> Iterable[Place]:
        found = self._consumer.list_topics(topic, METADATA_SECONDS).topics[topic]
        if found.error is not None:
            self._refuse(found.error, topic)
        return [(topic, partition) for partition in found.partitions]

    def _read(self, places: Iterable[Place]) -> None:
        """From where it was to the end of each partition."""
        from confluent_kafka import OFFSET_BEGINNING, TopicPartition

        left = set(places)
        self._consumer.assign([TopicPartition(*one, self._next.get(one, OFFSET_BEGINNING)) for one in left])
        try:
            deadline = time.monotonic() + SILENCE_SECONDS
            while left:
                messages = self._consumer.consume(READ_RECORDS, READ_SECONDS)
                if messages:
                    deadline = time.monotonic() + SILENCE_SECONDS
                elif time.monotonic() >= deadline:
                    raise _NotReadError(f"no answer within {SILENCE_SECONDS:.0f} s")
                left -= {place for one in messages if (place := self._ended(one)) is not None}
        finally:
            self._consumer.unassign()

    def _ended(self, message: "Message") -> Place | None:
        """Takes a record; a place if it is the end of that one."""
        from confluent_kafka import KafkaError

        error, topic, partition, offset = message.error(), message.topic(), message.partition(), message.offset()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            if not error.retriable() and error.code() > 0:
                self._refuse(error, topic or "")
            return None
        if topic is None or partition is None or offset is None:
            return None
        if error is not None:
            self._next[topic, partition] = offset
            return topic, partition
        self._take(message, topic, offset)
        self._next[topic, partition] = offset + 1
        return None

    def _take(self, message: "Message", topic: str, offset: int) -> None:
        value = message.value()
        if value is None and topic != self._control_topic:
            self._environments.forget((message.key() or b"").decode(errors="replace"))
            return
        try:
            record = codec.decode(value or b"")
        except ContractError as error:  # others write there too: what is no record changes nothing
            log.debug("passed over %s offset %s: %s", topic, offset, error)
            return
        if isinstance(record, ControlRecord):
            self._environments.configure(offset, record)
        elif isinstance(record, AlertEvent):
            self._environments.take(record)

    def _refuse(self, error: "KafkaError", topic: str) -> None:
        from confluent_kafka import KafkaError

        if error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}:
            raise AuthError(
                f"Kafka does not let this login read {topic}, from which inhibition comes: {error.str()}. What was "
                "handled is saved; use a login that may read the control log and alerts, as notifier, or leave out "
                "inhibit."
            )
        raise _NotReadError(f"{topic}: {error.str()}")


class _NotReadError(Exception):
    """What inhibits cannot be read now."""
