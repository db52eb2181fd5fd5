"""The control log as rows: every record of pulsemon.control at its offset, with what the fold says about it.

Each sink folds the whole log for itself, because a verdict depends on all records before, and inserts what the table
lacks. Rows are keyed by (topic_id, offset), so that sinks which insert the same ones do no harm.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pulsemon_schemas import codec
from pulsemon_schemas.control import Fold
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.runtime.own_metrics import Sample
from pulsemon_schemas.runtime.topic_identity import identify

from pulsemon_sinks.buffer import Entry, Fault
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.log_records import log_record
from pulsemon_sinks.vitals import Vitals

log = logging.getLogger(__name__)

RECORDS_A_STEP = 1000
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
        self._topic_id = ""
        self._fold = Fold()
        self._next_offset = 0
        self._stored = -1
        self._rows: list[Row] = []
        self._letters = 0
        self._vitals = Vitals(topic)

    def step(self) -> None:
        """Reads what is there, and stores what the table lacks; never waits for new records."""
        if not self._topic_id:
            self._begin()
        if not self._rows:
            self._read()
        if self._rows and self._dead_letters.is_drained(DEAD_LETTER_WAIT_SECONDS) and self._is_same_log():
            began = time.monotonic()
            self._store.insert(f"INSERT INTO {self._table} ({COLUMNS}) VALUES", self._rows, {"async_insert": 0})
            self._vitals.stored(len(self._rows), self._letters, time.monotonic() - began)
            self._stored, self._rows, self._letters = self._rows[-1][1], [], 0

    def samples(self, wall_ms: int) -> Iterable[Sample]:
        """What the history tells about itself; its lag is how long the oldest row has waited."""
        lag_seconds = max(0.0, (wall_ms - self._rows[0][2]) / 1000) if self._rows else 0.0
        return self._vitals.samples(lag_seconds, 0)

    def begin_again(self) -> None:
        """Forgets everything: the store was emptied, or the topic was made anew."""
        self._topic_id, self._fold, self._next_offset, self._stored, self._rows = "", Fold(), 0, -1, []
        self._letters = 0

    def close(self) -> None:
        """Ends reading."""
        self._consumer.close()

    def _begin(self) -> None:
        topic_id = identify(self._admin, self._topic).topic_id
        sql = f"SELECT max(offset), count() FROM {self._table} WHERE topic_id = %(topic_id)s"
        newest, count = self._store.rows(sql, {"topic_id": topic_id})[0]
        self._consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])
        self._stored = newest if count else -1
        self._topic_id = topic_id

    def _is_same_log(self) -> bool:
        """Checked before rows are stored, so that none ever carries the id of another log."""
        is_same = identify(self._admin, self._topic).topic_id == self._topic_id
        if not is_same:
            self.begin_again()
        return is_same

    def _read(self) -> None:
        for message in self._consumer.consume(RECORDS_A_STEP, 0):
            if (error := message.error()) is None:
                record = log_record(message)
                if record.offset < self._next_offset:  # the log began anew
                    self.begin_again()
                    return
                self._take(record, (message.key(), message.value()))
            elif error.fatal():
                raise KafkaException(error)
            else:
                log.debug("reading %s: %s", self._topic, error)

    def _take(self, record: LogRecord, raw: tuple[bytes | None, bytes | None]) -> None:
        self._next_offset = record.offset + 1
        try:
            control = _decode(record)
        except ContractError as error:
            row = self._invalid(record, Fault(error.reason, error.detail), raw)
        else:
            verdict = self._fold.apply(record.offset, control)
            row = self._row(record, control, verdict.version, is_void=verdict.void)
        if record.offset > self._stored:
            self._rows.append(row)

    def _invalid(self, record: LogRecord, fault: Fault, raw: tuple[bytes | None, bytes | None]) -> Row:
        if record.offset > self._stored:
            self._dead_letters.send(Entry(record, 0, 0, fault, raw), fault, self._topic_id)
            self._letters += 1
        nothing = ControlRecord(INVALID, "", "", -1, "", "", "", f"{fault.reason}: {fault.detail}", "")
        return self._row(record, nothing, -1, is_void=True)

    def _row(self, at: LogRecord, control: ControlRecord, version: int, *, is_void: bool) -> Row:
        return (
            self._topic_id, at.offset, at.append_time_ms,
            control.entity_type, control.entity_id, control.operation, control.expected_version, control.change_id,
            control.author, control.on_behalf_of, control.reason, control.body, version, int(is_void),
        )  # fmt: skip


def _decode(record: LogRecord) -> ControlRecord:
    """ContractError if the record is not a control record."""
    control = codec.decode(record.value)
    if not isinstance(control, ControlRecord):
        raise ContractError("unknown_schema", f"a {type(control).__name__} is not a ControlRecord")
    return control
