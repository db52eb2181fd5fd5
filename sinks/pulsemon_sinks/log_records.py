"""From the client library's message to a LogRecord."""

from confluent_kafka import Message
from pulsemon_schemas.records import LogRecord


def log_record(message: Message) -> LogRecord:
    """The message as a value; a missing key or value is empty bytes."""
    return LogRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key() or b"",
        message.value() or b"",
    )
