"""Every record of the control log comes back at its offset, with key, headers and time, whatever the record is."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from pulsemon_deploy.backup.log_file import Folding, Logged, read_log, write_log
from pulsemon_deploy.backup.log_reading import log_records
from pulsemon_deploy.backup.log_writing import LogWriter, without_holes
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_schemas.codec import decode, encode
from pulsemon_schemas.control import Fold
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import CONTROL
from pulsemon_sinks.backup.manifest import BackupError
from support.kafka import Broker

pytestmark = pytest.mark.kafka

HOLE = 7
"""A transaction ends with a mark, which takes an offset and is no record."""


def put(server: str, version: int, change: str) -> bytes:
    body = json.dumps({"name": server, "environment": "prod"})
    return encode(ControlRecord("server", server, "put", version, change, "ann", "", "why", body))


@pytest.fixture(scope="module")
def topic(kafka: Broker) -> str:
    """A control log with void records, garbage, a tombstone, headers, and an offset without a record."""
    name = kafka.create_topics("backup", 1, [CONTROL])[CONTROL.name]
    producer = kafka.producer(options={"transactional.id": "backup-test"})
    producer.init_transactions(20)
    producer.begin_transaction()
    records: list[tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]]]] = [
        (b"a", put("a", -1, "c0"), []),
        (b"a", put("a", -1, "c1"), []),
        (None, b"garbage", [("reason", b"\xff\x00"), ("reason", None)]),
        (b"gone", None, []),
        (b"", b"", []),
        (b"a", put("a", 0, "c2"), [("by", b"hand")]),
        ("ü".encode(), put("ü", -1, "c3"), []),
    ]
    for key, value, headers in records:
        producer.produce(name, value, key, 0, headers=headers)
    producer.commit_transaction(20)
    plain = kafka.producer()
    plain.produce(name, put("b", -1, "c4"), b"b", 0)
    assert plain.flush(20) == 0
    return name


@pytest.fixture(scope="module")
def copied(kafka: Broker, topic: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of it."""
    path = tmp_path_factory.mktemp("log") / "log.avro"
    with log_records(kafka.settings, topic) as records:
        write_log(path, records)
    return path


def read(settings: KafkaSettings, topic: str) -> list[Logged]:
    with log_records(settings, topic) as records:
        return list(records)


def folded(records: list[Logged]) -> str:
    folding = Folding()
    for _ in folding.through(records):
        pass
    return folding.digest()


def new_topic() -> str:
    return f"restored-{uuid.uuid4().hex[:8]}"


def test_every_record_comes_back_at_its_offset(kafka: Broker, topic: str, copied: Path) -> None:
    before = read(kafka.settings, topic)
    assert [one.offset for one in before] == [0, 1, 2, 3, 4, 5, 6, 8]
    assert list(read_log(copied)) == before

    name = new_topic()
    restored = LogWriter(kafka.settings, lambda: read_log(copied), name).write()
    after = read(kafka.settings, name)
    assert [one for one in after if one.offset != HOLE] == before, "keys, values, headers and times are the same"
    assert (restored.written, restored.other_times) == (9, 0)
    assert restored.topic_id == topic_ids(kafka.settings, [name])[name] != topic_ids(kafka.settings, [topic])[topic]
    assert folded(after) == folded(before), "what stands at the offset without a record is void"

    config = [replace(CONTROL, name=name)]
    assert ensure_topics(kafka.settings, 1, config).altered == (), "from now on the broker writes its own time"
    again = LogWriter(kafka.settings, lambda: read_log(copied), name).write()
    assert again.written == 0


def test_a_restore_that_was_cut_off_goes_on(kafka: Broker, copied: Path) -> None:
    name = new_topic()
    records = list(read_log(copied))
    first = LogWriter(kafka.settings, lambda: records[:4], name).write()
    second = LogWriter(kafka.settings, lambda: records, name).write()
    assert (first.written, second.written) == (4, 5)
    assert [one for one in read(kafka.settings, name) if one.offset != HOLE] == records


def test_a_log_with_other_records_is_left_alone(kafka: Broker, topic: str, copied: Path) -> None:
    records = list(read_log(copied))
    before = read(kafka.settings, topic)
    for others in (records[:2], [replace(records[0], value=b"another"), *records[1:]]):
        with pytest.raises(BackupError, match=r"is not empty: offset \d holds a record.*Nothing was changed"):
            LogWriter(kafka.settings, lambda others=others: others, topic).write()  # type: ignore[misc]
    assert read(kafka.settings, topic) == before


def test_what_stands_where_no_record_was_is_void_for_everybody() -> None:
    fold = Fold()
    (filler, one) = without_holes([Logged(1, 5, b"a", put("a", -1, "c"))])
    assert (filler.offset, filler.time_ms, one.offset) == (0, 5, 1)
    record = decode(filler.value or b"")
    assert isinstance(record, ControlRecord)
    assert fold.apply(0, record).void
