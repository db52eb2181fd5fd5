"""What becomes of a partition when its state was read."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_stream_processors.checkpoint import PARTITION_KEY, Checkpoint
from pulsemon_stream_processors.engine import ControlBehindError, unpack
from pulsemon_stream_processors.errors import RestoreError
from pulsemon_stream_processors.takeover import Site, Takeover
from pulsemon_stream_processors.topic_names import TopicNames
from pulsemon_stream_processors.transactions import PartitionWriter, Write
from support.engine import TICK_SECRET, TOPIC_ID, Log, history

SITE = Site(KafkaSettings(), "pulsemon-processor", TOPIC_ID, 1, TICK_SECRET, TopicNames("", 1))


class Written:
    """Keeps what a partition's writer was given."""

    def __init__(self) -> None:
        self.records: list[Write] = []

    def write(self, records: Sequence[Write]) -> float:
        self.records += records
        return 0.0


def takeover(checkpoint: Checkpoint, written: Written, first_offset: int = 0, end_offset: int = 100) -> Takeover:
    return Takeover(0, cast("PartitionWriter", written), checkpoint, first_offset, end_offset, 0, 0.0)


def processed() -> tuple[Log, Checkpoint]:
    log = Log()
    log.configure("rule/busy", {"metric": "system.cpu.busy", "levels": {"critical": {"limit": 0.9}}})
    log.run({"system.cpu.busy": 0.95}, 30)
    engine = log.engine()
    for record in log.records:
        engine.apply(record)
    states: dict[str, Any] = {server_id: engine.snapshot(server_id) for server_id in engine.server_ids}
    return log, Checkpoint(engine.partition_record(), states, engine.cover)


def test_a_partition_that_was_never_processed_begins_where_its_log_does_and_says_so_at_once() -> None:
    written = Written()
    taken = takeover(Checkpoint(), written, first_offset=40)
    owned = taken.restore(SITE, history([]), 3)

    assert (owned.engine.cover, owned.emitted, owned.generation) == (39, -1, 3)
    assert [one.key for one in written.records] == [PARTITION_KEY]
    assert unpack(written.records[0].value or b"")["cover"] == 39
    assert taken.control_offset == -1


def test_a_partition_goes_on_from_its_checkpoint() -> None:
    log, checkpoint = processed()
    written = Written()
    taken = takeover(checkpoint, written)
    owned = taken.restore(SITE, history(log.control), 3)

    assert (owned.engine.cover, owned.emitted) == (len(log.records) - 1, len(log.records) - 1)
    assert owned.engine.server_ids == {"web-1"}
    assert taken.control_offset == 0
    assert written.records == []


def test_the_control_log_must_be_read_first() -> None:
    _, checkpoint = processed()
    with pytest.raises(ControlBehindError):
        takeover(checkpoint, Written()).restore(SITE, history([]), 3)


def test_a_log_that_ends_before_what_was_applied_is_refused() -> None:
    log, checkpoint = processed()
    for end_offset in (0, len(log.records) - 1):
        with pytest.raises(RestoreError, match="Kafka has lost records"):
            takeover(checkpoint, Written(), end_offset=end_offset).restore(SITE, history(log.control), 3)
    takeover(checkpoint, Written(), end_offset=len(log.records)).restore(SITE, history(log.control), 3)


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(SITE)
