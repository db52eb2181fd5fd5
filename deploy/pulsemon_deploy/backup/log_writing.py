"""The records of a backup into an empty control log: each at its offset, with its key, headers and time.

Versions are offsets, so a record at another offset would be another version. A broker writes its own time to records of
this topic; while they are restored it takes the time that they come with.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from confluent_kafka import KafkaException, Message, Producer
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from pulsemon_schemas.codec import encode
from pulsemon_schemas.control import PUT
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.topics import APPEND_TIME, CONTROL
from pulsemon_sinks.backup.manifest import BackupError

from pulsemon_deploy.backup.log_file import Logged
from pulsemon_deploy.backup.log_reading import log_records
from pulsemon_deploy.control_log import PARTITION, QUIET
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_deploy.kafka.admin import admin_client

CLIENT_ID = "pulsemon-restore"
AT_ONCE = 1000
TIMEOUT_SECONDS = 30.0
GIVEN_TIME = {"message.timestamp.type": "CreateTime"}
NEVER_EXPECTED = -2
"""No entity has this version, so a record that expects it is void for every reader."""

Records = Callable[[], Iterable[Logged]]
"""Reads the records of a backup from the first on."""


@dataclass(frozen=True, slots=True)
class RestoredLog:
    """``written``: 0 if all was there already. ``other_times``: records that the broker gave its own time."""

    topic_id: str
    written: int
    other_times: int


class LogWriter:
    """Restores one topic, with a login that may make and alter it. Errors: BackupError, TransientError."""

    def __init__(self, settings: KafkaSettings, records: Records, topic: str = CONTROL.name) -> None:
        self._settings = settings
        self._records = records
        self._topic = replace(CONTROL, name=topic)

    def check(self) -> int:
        """How many of the records are there already. BackupError if others are; nothing is changed."""
        with _explained(self._settings):
            if self._topic.name not in topic_ids(self._settings, [self._topic.name]):
                return 0
            return sum(1 for _ in self._pairs())

    def write(self) -> RestoredLog:
        """Writes what is missing, and compares all of it. It may be repeated, also after a kill."""
        done = self.check()
        with _explained(self._settings):
            missing = list(islice(without_holes(self._records()), done, None))
            if missing:
                self._append(missing)
            pairs = list(self._pairs())
            if len(pairs) != done + len(missing):
                raise TransientError(f"{self._topic.name} has not all records yet; do the same again: it goes on")
            other_times = sum(1 for found, wanted in pairs if found.time_ms != wanted.time_ms)
            topic_id = topic_ids(self._settings, [self._topic.name])[self._topic.name]
        return RestoredLog(topic_id, len(missing), other_times)

    def _append(self, missing: list[Logged]) -> None:
        ensure_topics(self._settings, 1, [replace(self._topic, config={**self._topic.config, **GIVEN_TIME})])
        try:
            for first in range(0, len(missing), AT_ONCE):
                _produce(self._settings, self._topic.name, missing[first : first + AT_ONCE])
        finally:
            self._set(APPEND_TIME)

    def _pairs(self) -> Iterator[tuple[Logged, Logged]]:
        """Every record of the topic beside that of the backup. BackupError at the first that is not the same."""
        wanted = iter(without_holes(self._records()))
        with log_records(self._settings, self._topic.name) as found:
            for one in found:
                other = next(wanted, None)
                if other is None or one != replace(other, time_ms=one.time_ms):
                    raise BackupError(
                        f"{self._topic.name} at {self._settings.bootstrap} is not empty: offset {one.offset} holds a "
                        "record that the backup has not. Nothing was changed. Restore into a Kafka that nothing was "
                        "written to yet: PULSEMON_LOCAL_HOME names another home, `pulsemon reset` empties this one; or "
                        f"delete the topic {self._topic.name}"
                    )
                yield one, other

    def _set(self, config: dict[str, str]) -> None:
        entries = [
            ConfigEntry(name, text, incremental_operation=AlterConfigOpType.SET) for name, text in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, self._topic.name, incremental_configs=entries)
        admin = admin_client(self._settings)  # its futures end with it
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(TIMEOUT_SECONDS)


def without_holes(records: Iterable[Logged]) -> Iterator[Logged]:
    """The records, with void ones at offsets that held none, such as marks of transactions: offsets are versions."""
    expected, time_ms = 0, 0
    for one in records:
        while expected < one.offset:
            yield _filler(expected, time_ms or one.time_ms)
            expected += 1
        yield one
        expected, time_ms = one.offset + 1, one.time_ms


def _filler(offset: int, time_ms: int) -> Logged:
    record = ControlRecord(
        "hole", str(offset), PUT, NEVER_EXPECTED, "", CLIENT_ID, "", "no record was at this offset", "{}"
    )
    return Logged(offset, time_ms, record.entity_id.encode(), encode(record))


def _produce(settings: KafkaSettings, topic: str, records: list[Logged]) -> None:
    offsets: list[int] = []
    failures: list[str] = []

    def delivered(error: object, message: Message) -> None:
        if error is None:
            offsets.append(message.offset() or 0)
        else:
            failures.append(str(error))

    producer = Producer({**producer_config(settings, CLIENT_ID), **QUIET})
    for one in records:
        producer.produce(
            topic,
            one.value,
            one.key,
            PARTITION,
            on_delivery=delivered,
            timestamp=one.time_ms,
            headers=list(one.headers),
        )
        producer.poll(0)
    left = producer.flush(TIMEOUT_SECONDS)
    if left or failures:
        raise TransientError(
            f"{left + len(failures)} records of {topic} were not confirmed ({failures[:1] or 'no answer'}); those "
            "before are kept; do the same again: it goes on"
        )
    if offsets != [one.offset for one in records]:
        raise BackupError(
            f"somebody else writes to {topic} just now, so records are at other offsets. Stop all roles, empty the "
            "topic (`pulsemon reset`, or delete it), then restore again"
        )


@contextmanager
def _explained(settings: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise TransientError(
            f"the control log at {settings.bootstrap} could not be restored: {error}. What was written is kept; do the "
            "same again: it goes on"
        ) from error
