"""Servers in the control log: each is written once, by whoever first runs it here."""

import json
import logging
import time
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from pulsemon_schemas.codec import decode, encode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config, producer_config
from pulsemon_schemas.topics import CONTROL

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-registration"
PARTITION = 0
NEW = -1  # expected_version of an id that was never used
TIMEOUT_SECONDS = 20.0
LEADER_SECONDS = 5.0
LEADER_POLL_SECONDS = 0.05
READ_RECORDS = 10_000
# The first connections to a broker that has just begun may be refused; librdkafka, which tries again, would tell.
QUIET = {"log_level": 2}


def register(
    settings: KafkaSettings, group_id: str, servers: Mapping[str, Mapping[str, object]], author: str
) -> tuple[str, ...]:
    """Writes a first record for each server id that the control log does not know; returns the ids written.

    The values are the bodies. Whoever is first wins: the record of a second writer is void for every reader. Raises
    TransientError, after which everything may be repeated.
    """
    try:
        known = known_servers(settings, group_id, frozenset(servers))
        new = {server_id: body for server_id, body in servers.items() if server_id not in known}
        if new:
            _write(settings, [_record(server_id, body, author) for server_id, body in new.items()])
    except KafkaException as error:
        raise TransientError(f"the control log at {settings.bootstrap} could not be used: {error}") from error
    return tuple(new)


def known_servers(settings: KafkaSettings, group_id: str, wanted: frozenset[str]) -> frozenset[str]:
    """Which of the wanted ids the control log has ever named; reads no further than it must. Raises KafkaException."""
    found: set[str] = set()
    for message in _read_to_end(settings, group_id):
        server_id = _server_id(message)
        if server_id in wanted:
            found.add(server_id)
            if found == wanted:
                break
    return frozenset(found)


def _read_to_end(settings: KafkaSettings, group_id: str) -> Iterator[Message]:
    consumer = Consumer({**consumer_config(settings, group_id, CLIENT_ID), **QUIET})
    try:
        first, end = _watermarks(consumer)
        consumer.assign([TopicPartition(CONTROL.name, PARTITION, first)])
        position = first
        while position < end:
            messages = consumer.consume(READ_RECORDS, 1.0)
            for message in messages:
                if (error := message.error()) is not None:
                    raise KafkaException(error)
                position = (message.offset() or 0) + 1
                yield message
    finally:
        consumer.close()


def _watermarks(consumer: Consumer) -> tuple[int, int]:
    """The broker tells of a new partition's leader a moment before that leader answers: it is asked again."""
    place = TopicPartition(CONTROL.name, PARTITION)
    deadline = time.monotonic() + LEADER_SECONDS
    while True:
        try:
            first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        except KafkaException:
            if time.monotonic() >= deadline:
                raise
            time.sleep(LEADER_POLL_SECONDS)
        else:
            return first, end


def _server_id(message: Message) -> str | None:
    try:
        record = decode(message.value() or b"")
    except ContractError:
        return None
    return record.entity_id if isinstance(record, ControlRecord) and record.entity_type == "server" else None


def _record(server_id: str, body: Mapping[str, object], author: str) -> ControlRecord:
    """The change id is always the same, so that two writers, or a retry, make one version."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return ControlRecord(
        entity_type="server",
        entity_id=server_id,
        operation="put",
        expected_version=NEW,
        change_id=f"register-{server_id}",
        author=author,
        on_behalf_of="",
        reason="first seen",
        body=text,
    )


def _write(settings: KafkaSettings, records: list[ControlRecord]) -> None:
    failures: list[str] = []

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failures.append(str(error))

    producer = Producer({**producer_config(settings, CLIENT_ID), **QUIET})
    for record in records:
        producer.produce(CONTROL.name, encode(record), record.entity_id.encode(), PARTITION, on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(TIMEOUT_SECONDS)
    if left or failures:
        raise TransientError(f"{left + len(failures)} servers were not registered: {failures[:1] or 'no answer'}")
    log.info("registered %s new servers", len(records))
