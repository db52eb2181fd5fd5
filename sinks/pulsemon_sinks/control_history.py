"""The control log as rows: every record of pulsemon.control at its offset, with what the fold says about it.

Each sink folds the whole log for itself, because a verdict depends on all records before, and inserts what the table
lacks. Rows are keyed by (topic_id, offset), so that sinks which insert the same ones do no harm. A log that lost its
tail is stored anew, as another life (``control_marks``).
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pulsemon_schemas import codec
from pulsemon_schemas.control import Fold
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.runtime.own_metrics import Sample
from pulsemon_schemas.runtime.topic_identity import identify

from pulsemon_sinks.buffer import Entry, Fault
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.control_marks import Mark, reach
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.ledger import LogId
from pulsemon_sinks.log_records import log_record
from pulsemon_sinks.opening import CONFIRM_SECONDS, LostTailError
from pulsemon_sinks.topic_reader import KAFKA_TIMEOUT_SECONDS, RETRY_AFTER_SECONDS
from pulsemon_sinks.vitals import Vitals

log = logging.getLogger(__name__)

RECORDS_A_STEP = 1000
PARTITION = 0
DEAD_LETTER_WAIT_SECONDS = 1.0
INVALID = "invalid"

COLUMNS = (
    "topic_id, offset, append_time, entity_type, entity_id, operation, expected_version, change_id, author, "
    "on_behalf_of, reason, body, version, void"
)
Row = tuple[Any, ...]


class ControlHistory:
    """Follows the control log from its beginning.

    Errors of ``step`` are as Store, and TransientError; call it again.
    """

    def __init__(
        self,
        config: Mapping[str, str | int | float | bool],
        topic: str,
        admin: AdminClient,
        store: Store,
        database: str,
        dead_letters: DeadLetters,
    ) -> None:
        self._topic = topic
        self._admin = admin
        self._store = store
        self._table = f"{database}.control"
        self._dead_letters = dead_letters
        self._consumer = Consumer({**config, "enable.auto.commit": False})
        self._log: LogId | None = None
        self._stored: Mark | None = None
        self._suspected_at: float | None = None
        self._is_proven = False
        self._end = 0
        self._leader_epoch = -1
        self._fold = Fold()
        self._next_offset = 0
        self._rows: list[Row] = []
        self._letters = 0
        self._vitals = Vitals(topic)

    def step(self) -> None:
        """Reads what is there, and stores what the table lacks; never waits for new records."""
        if self._log is None:
            self._begin()
        if not self._rows:
            self._read()
        if self._rows and self._dead_letters.is_drained(DEAD_LETTER_WAIT_SECONDS) and self._is_same_log():
            began = time.monotonic()
            self._store.insert(f"INSERT INTO {self._table} ({COLUMNS}) VALUES", self._rows, {"async_insert": 0})
            self._vitals.stored(len(self._rows), self._letters, time.monotonic() - began)
            self._stored, self._is_proven = Mark(self._rows[-1][1], self._rows[-1][2]), True
            self._rows, self._letters = [], 0

    def samples(self, wall_ms: int) -> Iterable[Sample]:
        """What the history tells about itself; its lag is how long the oldest row has waited."""
        lag_seconds = max(0.0, (wall_ms - self._rows[0][2]) / 1000) if self._rows else 0.0
        return self._vitals.samples(lag_seconds, 0)

    def begin_again(self) -> None:
        """Forgets everything: the store was emptied, or the topic was made anew."""
        self._log = None
        self._forget()

    def close(self) -> None:
        """Ends reading."""
        self._consumer.close()

    def _forget(self) -> None:
        """What was read, since it will be read again."""
        self._fold, self._next_offset, self._rows, self._letters = Fold(), 0, [], 0
        self._is_proven, self._end, self._leader_epoch = False, 0, -1

    def _begin(self) -> None:
        known = reach(self._store, self._table, LogId(self._topic, identify(self._admin, self._topic).topic_id))
        self._end = self._log_end()
        if known.mark is not None and self._end <= known.mark.offset:
            self._confirm(known.mark.offset)
            self._begin_life(known.log, known.mark)
        else:
            self._log, self._stored = known.log, known.mark
        self._suspected_at = None
        self._consumer.assign([TopicPartition(self._topic, PARTITION, OFFSET_BEGINNING)])

    def _log_end(self) -> int:
        try:
            place = TopicPartition(self._topic, PARTITION)
            return int(self._consumer.get_watermark_offsets(place, timeout=KAFKA_TIMEOUT_SECONDS)[1])
        except KafkaException as error:
            raise TransientError(
                f"Kafka does not say where {self._topic} ends: {error}", RETRY_AFTER_SECONDS
            ) from error

    def _confirm(self, stored_offset: int) -> None:
        now = time.monotonic()
        self._suspected_at = now if self._suspected_at is None else self._suspected_at
        if now - self._suspected_at < CONFIRM_SECONDS:
            raise LostTailError(self._topic, PARTITION, self._end, stored_offset + 1)

    def _begin_life(self, ended: LogId, stored: Mark) -> None:
        self._log, self._stored = replace(ended, life=ended.life + 1), None
        log.warning(
            "%s: Kafka lost records up to %s, which were stored: a broker stopped uncleanly? They stay stored; what is "
            "in the log now is in force, and is stored anew, as %s.", self._topic, stored.offset, self._log.name,
        )  # fmt: skip

    def _is_same_log(self) -> bool:
        """Checked before rows are stored, so that none ever carries the id of another log."""
        assert self._log is not None
        is_same = identify(self._admin, self._topic).topic_id == self._log.topic_id
        if not is_same:
            self.begin_again()
        return is_same

    def _read(self) -> None:
        for message in self._consumer.consume(RECORDS_A_STEP, 0):
            if (error := message.error()) is None:
                record, epoch = log_record(message), message.leader_epoch()
                if not self._goes_on(record, -1 if epoch is None else epoch):
                    return
                self._take(record, (message.key(), message.value()))
            elif error.fatal():
                raise KafkaException(error)
            else:
                log.debug("reading %s: %s", self._topic, error)

    def _goes_on(self, record: LogRecord, leader_epoch: int) -> bool:
        """Whether a record is of the log that was read and stored so far; if not, reading begins again.

        A leader that came since we began may have cut what we read before.
        """
        is_of_new_leader = record.offset >= self._end and leader_epoch > self._leader_epoch >= 0
        if record.offset < self._next_offset or is_of_new_leader:
            self.begin_again()
            return False
        self._leader_epoch = leader_epoch
        if self._stored is None or self._is_proven or record.offset < self._stored.offset:
            return True
        if (record.offset, record.append_time_ms) == (self._stored.offset, self._stored.append_time_ms):
            self._is_proven = True
            return True
        assert self._log is not None
        self._begin_life(self._log, self._stored)
        self._forget()
        self._end = self._log_end()
        self._consumer.assign([TopicPartition(self._topic, PARTITION, OFFSET_BEGINNING)])
        return False

    @property
    def _name(self) -> str:
        assert self._log is not None
        return self._log.name

    @property
    def _stored_offset(self) -> int:
        return -1 if self._stored is None else self._stored.offset

    def _take(self, record: LogRecord, raw: tuple[bytes | None, bytes | None]) -> None:
        self._next_offset = record.offset + 1
        try:
            control = _decode(record)
        except ContractError as error:
            row = self._invalid(record, Fault(error.reason, error.detail), raw)
        else:
            verdict = self._fold.apply(record.offset, control)
            row = self._row(record, control, verdict.version, is_void=verdict.void)
        if record.offset > self._stored_offset:
            self._rows.append(row)

    def _invalid(self, record: LogRecord, fault: Fault, raw: tuple[bytes | None, bytes | None]) -> Row:
        if record.offset > self._stored_offset:
            self._dead_letters.send(Entry(record, 0, 0, fault, raw), fault, self._name)
            self._letters += 1
        nothing = ControlRecord(INVALID, "", "", -1, "", "", "", f"{fault.reason}: {fault.detail}", "")
        return self._row(record, nothing, -1, is_void=True)

    def _row(self, at: LogRecord, control: ControlRecord, version: int, *, is_void: bool) -> Row:
        return (
            self._name, at.offset, at.append_time_ms,
            control.entity_type, control.entity_id, control.operation, control.expected_version, control.change_id,
            control.author, control.on_behalf_of, control.reason, control.body, version, int(is_void),
        )  # fmt: skip


def _decode(record: LogRecord) -> ControlRecord:
    """ContractError if the record is not a control record."""
    control = codec.decode(record.value)
    if not isinstance(control, ControlRecord):
        raise ContractError("unknown_schema", f"a {type(control).__name__} is not a ControlRecord")
    return control
