"""When keys were last used, as gateways have told; at most a quarter of an hour old."""

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.key_use import decode
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import KEY_USE

from pulsemon_deploy.control_log import QUIET, reader_config

GROUP_ID = "pulsemon-operator-key-use"
PARTITION = 0
TIMEOUT_SECONDS = 5.0
SILENCE_SECONDS = 5.0
READ_RECORDS = 10_000
READ_SECONDS = 0.05


def last_uses(settings: KafkaSettings) -> dict[str, int]:
    """Key id to milliseconds since 1970, for keys that were used at a gateway; none before the topic was made.

    Raises TransientError if the broker does not answer.
    """
    consumer = Consumer({**reader_config(settings, GROUP_ID), **QUIET, "enable.partition.eof": True})
    try:
        place = TopicPartition(KEY_USE.name, PARTITION)
        first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        if first == end:
            return {}
        consumer.assign([TopicPartition(KEY_USE.name, PARTITION, first)])
        return _read(consumer)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION):  # noqa: SLF001
            return {}
        raise TransientError(f"{KEY_USE.name} at {settings.bootstrap} cannot be read: {error}") from error
    finally:
        consumer.close()


def _read(consumer: Consumer) -> dict[str, int]:
    found: dict[str, int] = {}
    heard_at = time.monotonic()
    while time.monotonic() - heard_at < SILENCE_SECONDS:
        for message in consumer.consume(READ_RECORDS, READ_SECONDS):
            heard_at = time.monotonic()
            if (error := message.error()) is not None:
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                    return found
                raise KafkaException(error)
            key_id, used_ms = (message.key() or b"").decode("utf-8", "replace"), decode(message.value() or b"")
            if used_ms is not None:
                found[key_id] = max(used_ms, found.get(key_id, 0))
    raise TransientError(f"{KEY_USE.name} did not come to its end: nothing came for {SILENCE_SECONDS:g} s")
