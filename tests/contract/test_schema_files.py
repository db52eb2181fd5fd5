"""A schema file never changes once it is released: another shape is another version, with another id."""

import hashlib
import json
from importlib import resources
from typing import Any

import pytest
from pulsemon_schemas import registry
from support.golden import golden_checksums

FOLDER = resources.files("pulsemon_schemas").joinpath("avro")
FILES = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.name.endswith(".avsc")}


def changed(files: dict[str, bytes], released: dict[str, str]) -> list[str]:
    """Released files that are gone or different, and files that are not listed as released."""
    different = [name for name in released if name not in files or digest(files[name]) != released[name]]
    return sorted({*different, *(set(files) - set(released))})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_no_released_schema_has_changed() -> None:
    assert changed(FILES, golden_checksums()) == [], (
        "Leave released files as they are. A new version is a new file, a new id in registry.py, golden cases and a "
        "line in tests/contract/golden/SHA256SUMS."
    )


def test_a_change_would_be_noticed() -> None:
    released = {"a.v1.avsc": digest(b"{}"), "b.v1.avsc": digest(b"{}")}

    assert changed({"a.v1.avsc": b"{} ", "b.v1.avsc": b"{}"}, released) == ["a.v1.avsc"]
    assert changed({"a.v1.avsc": b"{}"}, released) == ["b.v1.avsc"]
    assert changed({"a.v1.avsc": b"{}", "b.v1.avsc": b"{}", "b.v2.avsc": b"{}"}, released) == ["b.v2.avsc"]


def test_every_file_has_an_id_and_every_id_a_file() -> None:
    assert {name.removesuffix(".avsc") for name in FILES} == set(registry.SCHEMA_IDS)
    assert len(set(registry.SCHEMA_IDS.values())) == len(registry.SCHEMA_IDS)


@pytest.mark.parametrize("name", FILES)
def test_every_record_and_field_is_explained(name: str) -> None:
    schema: dict[str, Any] = json.loads(FILES[name])

    assert schema["namespace"] == "pulsemon"
    assert schema["doc"]
    assert [field["name"] for field in schema["fields"] if not field.get("doc")] == []


@pytest.mark.parametrize("name", FILES)
def test_times_are_in_milliseconds_by_their_type(name: str) -> None:
    for field in json.loads(FILES[name])["fields"]:
        is_time = field["name"].endswith("_at")
        assert (field["type"] == {"type": "long", "logicalType": "timestamp-millis"}) == is_time, field["name"]
