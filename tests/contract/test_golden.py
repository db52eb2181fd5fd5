"""Bytes that were once written stay readable, and the newest version is still written exactly so."""

import io
from typing import Any

import fastavro
import pytest
from pulsemon_schemas import codec, registry
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.walker import Walker
from support.golden import Case, golden_cases

CASES = golden_cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_any_avro_library_reads_the_bytes(case: Case) -> None:
    schema_id = registry.SCHEMA_IDS[case.subject]
    body = io.BytesIO(case.value)
    assert body.read(5) == b"\x00" + schema_id.to_bytes(4, "big")

    item: Any = fastavro.schemaless_reader(body, dict(codec.physical_schema(schema_id)))

    assert repr(item) == repr(case.fields), "repr, because NaN does not equal itself"
    assert body.read() == b""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_we_read_the_bytes_and_write_them_again(case: Case) -> None:
    record = codec.decode(case.value)

    if registry.SCHEMA_IDS[case.subject] == registry.newest(registry.record_name(registry.SCHEMA_IDS[case.subject])):
        assert codec.encode(record) == case.value
        if isinstance(record, MetricBatch):
            assert codec.BatchEncoder().encode(record) == case.value


@pytest.mark.parametrize("case", [case for case in CASES if case.subject == "metric_batch.v1"], ids=str)
def test_the_walker_reads_the_bytes_of_batches(case: Case) -> None:
    walker = Walker()
    for _ in range(2):
        head = walker.walk(case.value)
        seen = {name: getattr(head, name) for name in ("server_id", "source", "producer_id", "sequence", "signature")}
        assert seen == {name: case.fields[name] for name in seen}
        assert (head.recorded_at_ms, head.sent_at_ms) == (case.fields["recorded_at"], case.fields["sent_at"])
        assert (list(head.names), list(head.labels)) == (case.fields["names"], case.fields["labels"])
        assert repr(list(head.values())) == repr(case.fields["values"])
        assert dict(head.dropped) == case.fields["dropped"]


def test_every_schema_has_golden_cases() -> None:
    assert {case.subject for case in CASES} == set(registry.SCHEMA_IDS)
