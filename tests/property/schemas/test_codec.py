"""Every record that can be made comes back as it was."""

from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent, ControlRecord, Record, ServerState

LONGS = st.integers(-(2**63), 2**63 - 1)
INTS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(allow_nan=False)
OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: LONGS,
    bool: st.booleans(),
    float: NUMBERS,
    float | None: st.none() | NUMBERS,
    tuple[str, ...]: st.lists(TEXTS, max_size=3).map(tuple),
}


def made(cls: type[Record]) -> st.SearchStrategy[Record]:
    """Any record of a class."""
    strategies = {
        field.name: OF_TYPE.get(field.type, st.dictionaries(TEXTS, LONGS, max_size=3)) for field in fields(cls)
    }
    if "partition" in strategies:
        strategies["partition"] = INTS
    return st.builds(cls, **strategies)


@given(made(ControlRecord) | made(AlertEvent) | made(ServerState))
@settings(deadline=None)
def test_records_come_back(record: Record) -> None:
    assert codec.decode(codec.encode(record)) == record
