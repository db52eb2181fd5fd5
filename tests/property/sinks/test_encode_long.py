import io

import fastavro
from hypothesis import given
from hypothesis import strategies as st
from pulsemon_sinks.containers import Places, encode_long

LONGS = st.integers(-(2**63), 2**63 - 1)


@given(LONGS)
def test_a_long_is_what_fastavro_reads(number: int) -> None:
    assert fastavro.schemaless_reader(io.BytesIO(encode_long(number)), "long", None) == number


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 2**45))))
def test_the_cached_append_time_is_always_the_right_one(places: list[tuple[int, int]]) -> None:
    encoder = Places("topic", 1)
    for offset, time_ms in places:
        assert encoder.encode(offset, time_ms) == Places("topic", 1).encode(offset, time_ms)
