"""Where a log can be read again from: what a replay asks of Kafka, or of a store that has kept the same records."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from pulsemon_schemas.records import ControlRecord, LogRecord


class Span(NamedTuple):
    """Offsets of one partition, from ``first_offset`` up to, but without, ``end_offset``."""

    first_offset: int
    end_offset: int


class LogHistory(Protocol):
    """The metrics log of one life of its topic, the control log that its Ticks name, and what was said about both.

    Every method may raise TransientError; what was read before stays true, and the same call may be made again.
    """

    @property
    def origin(self) -> str:
        """Where it is read from: ``kafka`` or ``clickhouse``."""

    @property
    def topic_id(self) -> str:
        """The life of the metrics topic."""

    @property
    def partition_count(self) -> int:
        """How many partitions it has."""
        ...

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        """The whole control log in order, with offsets; None for a record that is none."""

    def span(self, partition: int, until_ms: int | None) -> Span:
        """The records that there are and that were judged, appended before ``until_ms``."""

    def records(self, partition: int, span: Span) -> Iterator[LogRecord]:
        """The valid records of a span, byte for byte and in order. Records that changed nothing may be left out."""

    def alerts(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of every alert event in a partition of the live stream, in its order.

        Those about environments lie among them; those about another life of the metrics topic may.
        """

    def doubts(self) -> Sequence[str]:
        """Why what was read so far may not be what was in the log, one sentence each; empty if it surely is."""
        ...
