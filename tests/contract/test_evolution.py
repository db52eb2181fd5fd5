"""Every version of a record reads what every other version wrote: old readers and new ones live side by side."""

import io
import itertools
import json
from importlib import resources
from typing import Any

import fastavro
import pytest
from pulsemon_schemas import codec, registry

RECORDS = sorted({registry.record_name(number) for number in registry.SCHEMA_IDS.values()})
PAIRS = [pair for name in RECORDS for pair in itertools.product(registry.versions(name), repeat=2)]


def examples(schema_id: int) -> dict[str, dict[str, Any]]:
    file = resources.files("pulsemon_schemas").joinpath("avro", "examples", f"{registry.subject(schema_id)}.json")
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def transferred(item: dict[str, Any], writer: Any, reader: Any) -> Any:
    """What a reader of one version gets of a record that another version wrote."""
    body = io.BytesIO()
    fastavro.schemaless_writer(body, writer, item)
    body.seek(0)
    return fastavro.schemaless_reader(body, writer, reader)


@pytest.mark.parametrize(("written", "read"), PAIRS)
def test_each_version_reads_each_other(written: int, read: int) -> None:
    for item in examples(written).values():
        seen = transferred(item, codec.physical_schema(written), codec.physical_schema(read))
        assert {name: value for name, value in seen.items() if name in item} == {
            name: value for name, value in item.items() if name in seen
        }


@pytest.mark.parametrize("subject", registry.SCHEMA_IDS)
def test_every_schema_has_examples_that_we_can_read(subject: str) -> None:
    schema_id = registry.SCHEMA_IDS[subject]
    for item in examples(schema_id).values():
        body = io.BytesIO()
        fastavro.schemaless_writer(body, codec.physical_schema(schema_id), item)
        codec.decode(b"\x00" + schema_id.to_bytes(4, "big") + body.getvalue())


def one_field(name: str, **more: Any) -> Any:
    field = {"name": name, "type": "long"} | more
    return fastavro.parse_schema({"type": "record", "name": "R", "fields": [field]})


def test_a_removed_or_retyped_field_would_be_noticed() -> None:
    old = one_field("a")
    assert transferred({"a": 1}, old, one_field("b", default=0)) == {"b": 0}
    with pytest.raises(fastavro.read.SchemaResolutionError):
        transferred({"a": 1}, old, one_field("b"))
    with pytest.raises(fastavro.read.SchemaResolutionError):
        transferred({"a": 1}, old, one_field("a", type="string"))
