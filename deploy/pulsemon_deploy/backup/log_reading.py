"""The control log as it lies in Kafka."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaException
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy.backup.log_file import Logged, logged
from pulsemon_deploy.control_log import QUIET, read_to_end, reader_config

GROUP_ID = "pulsemon-operator-backup"


@contextmanager
def log_records(settings: KafkaSettings, topic: str) -> Iterator[Iterator[Logged]]:
    """Every record from offset 0 to the end that the log has now.

    PermanentError if its beginning is gone, TransientError if Kafka does not answer, also out of the body.
    """
    consumer = Consumer({**reader_config(settings, GROUP_ID), **QUIET})
    try:
        yield (logged(message) for message in read_to_end(consumer, 0, topic))
    except KafkaException as error:
        raise TransientError(
            f"the control log at {settings.bootstrap} could not be read: {error}. It is as it was. Is it running?"
        ) from error
    finally:
        consumer.close()
