import math
from typing import Any

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.series_cache import MAX_SERIES_SETS_A_PRODUCER, SeriesCache
from pulsemon_schemas.walker import Walker
from pulsemon_schemas.wire import encode_long, encode_text, encode_texts, frame
from support.avro_reference import reference
from support.batches import NOW_MS, batch, host_batch


def walked_twice(made: MetricBatch) -> list[MetricBatch]:
    """As it is read when it is first seen, and when its series are known."""
    walker = Walker()
    return [as_batch(walker.walk(codec.encode(made))) for _ in range(2)]


def as_batch(head: Any) -> MetricBatch:
    fields = {name: getattr(head, name) for name in MetricBatch.__slots__ if name != "values"}
    return MetricBatch(**fields | {"values": head.values(), "dropped": dict(head.dropped)})


@pytest.mark.parametrize(
    "made",
    [
        batch(),
        host_batch(),
        batch(names=(), labels=(), values=()),
        batch(dropped={"expired": 3, "queue_full": 1}),
        batch(signature="00" * 32),
        batch(sequence=0),
        batch(sequence=-1),
        batch(sequence=2**62, previous_sequence=2**63 - 1, previous_producer_id="p" * 100),
        batch(server_id="s" * 200, source="ü" * 70),
        batch(recorded_at_ms=0, sent_at_ms=-(2**63)),
        batch(recorded_at_ms=-1, sent_at_ms=2**63 - 1),
        batch(recorded_at_ms=4_070_908_800_000),
        batch(server_id="", source="", producer_id=""),
    ],
)
def test_a_batch_is_read_whole_at_first_and_when_it_is_known(made: MetricBatch) -> None:
    assert walked_twice(made) == [made, made]


def test_values_are_read_as_they_are() -> None:
    head = Walker().walk(codec.encode(batch(values=(math.nan, -math.inf, 0.5))))

    assert math.isnan(head.values()[0])
    assert head.values()[1:] == (-math.inf, 0.5)
    assert head.non_finite_count() == 2


def test_the_series_of_a_producer_are_kept_once() -> None:
    walker = Walker()
    values = [codec.encode(batch(sequence=number)) for number in range(3)]
    heads = [walker.walk(value) for value in values]

    assert heads[1].packed is values[1], "a known batch is not copied"
    assert heads[0].names is heads[1].names is heads[2].names
    assert [head.sequence for head in heads] == [0, 1, 2]


def test_a_producer_may_send_many_sets_of_series() -> None:
    cache = SeriesCache()
    walker = Walker(cache)
    made = [host_batch(sample_count=count) for count in range(2 * MAX_SERIES_SETS_A_PRODUCER)]

    for _ in range(2):
        assert [as_batch(walker.walk(codec.encode(one))) for one in made] == made
    assert [len(producer.sets) for producer in cache.producers.values()] == [MAX_SERIES_SETS_A_PRODUCER]


def test_series_that_come_the_slow_way_again_are_kept_once() -> None:
    cache = SeriesCache()
    walker = Walker(cache)
    for sequence in range(3):
        walker.walk(codec.encode(batch(sequence=sequence, recorded_at_ms=0)))

    assert [len(producer.sets) for producer in cache.producers.values()] == [1]


def test_the_cache_is_bounded() -> None:
    cache = SeriesCache(max_bytes=20_000)
    walker = Walker(cache)
    for number in range(300):
        walker.walk(codec.encode(host_batch(number, sample_count=1 + number % 50)))

    assert len(cache.producers) < 100
    assert as_batch(walker.walk(codec.encode(host_batch(7)))) == host_batch(7)


def test_a_known_batch_is_not_copied_when_something_was_dropped_or_it_is_signed() -> None:
    walker = Walker()
    walker.walk(codec.encode(batch()))
    value = codec.encode(batch(dropped={"expired": 3}, signature="ab"))

    head = walker.walk(value)

    assert head.packed is value
    assert (dict(head.dropped), head.signature) == ({"expired": 3}, "ab")
    assert value[: head.signed_bytes] == codec.BatchEncoder().encode_unsigned(batch(dropped={"expired": 3}))


def test_more_values_after_known_series_are_noticed() -> None:
    walker = Walker()
    walker.walk(by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00"))

    with pytest.raises(ContractError) as caught:
        walker.walk(by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x02" + ONE + b"\x00"))
    assert caught.value.reason == "unequal_arrays"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": (1.0,)}, "unequal_arrays"),
        ({"labels": ("",)}, "unequal_arrays"),
        ({"names": ()}, "unequal_arrays"),
        ({"names": ("b", "a", "c"), "labels": ("", "", "")}, "unsorted"),
        ({"names": ("a", "a", "b"), "labels": ("", "", "")}, "unsorted"),
        ({"names": ("a", "a", "b"), "labels": ("x=2", "x=1", "")}, "unsorted"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_each_time(changes: dict[str, object], reason: str) -> None:
    value = codec.encode(batch(**changes))
    walker = Walker()
    walker.walk(codec.encode(batch()))
    for _ in range(2):
        with pytest.raises(ContractError) as caught:
            walker.walk(value)
        assert caught.value.reason == reason


def by_hand(names: bytes, values: bytes, ending: bytes = b"\x00\x00") -> bytes:
    head = frame(1) + encode_text("s") + encode_text("agent") + encode_text("p") + encode_long(1)
    times = encode_long(NOW_MS) + encode_long(NOW_MS)
    return head + encode_text("") + encode_long(-1) + times + names + encode_texts(["", ""]) + values + ending


ONE, TWO = b"\x00\x00\x00\x00\x00\x00\xf0?", b"\x00\x00\x00\x00\x00\x00\x00@"


@pytest.mark.parametrize(
    "value",
    [
        by_hand(b"\x02\x02a\x02\x02b\x00", b"\x04" + ONE + TWO + b"\x00"),
        by_hand(b"\x03\x08\x02a\x02b\x00", b"\x04" + ONE + TWO + b"\x00"),
        by_hand(encode_texts(["a", "b"]), b"\x02" + ONE + b"\x02" + TWO + b"\x00"),
        by_hand(encode_texts(["a", "b"]), b"\x03\x20" + ONE + TWO + b"\x00"),
        by_hand(encode_texts(["a", "b"]), b"\x84\x00" + ONE + TWO + b"\x00"),
        by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00", b"\x01\x06\x02x\x04\x00\x00"),
    ],
    ids=["two blocks", "sized block", "values in two blocks", "sized values", "long count", "sized map"],
)
def test_everything_that_avro_allows_is_read(value: bytes) -> None:
    walker = Walker()
    for _ in range(2):
        head = walker.walk(value)
        assert (head.names, head.labels, head.values()) == (("a", "b"), ("", ""), (1.0, 2.0))
        assert as_batch(head) == codec.decode(value)


def test_a_number_of_ten_bytes_keeps_its_lowest_64_bits() -> None:
    value = codec.encode(batch(names=(), labels=(), values=()))
    longest = value.replace(encode_long(NOW_MS + 12), b"\xff" * 9 + b"\x7f")

    assert Walker().walk(longest).sent_at_ms == reference(longest)["sent_at"] == -(2**63)  # type: ignore[index]


def test_a_known_producer_may_write_its_sequence_in_ten_bytes() -> None:
    walker = Walker()
    walker.walk(by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00"))
    usual = by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00")
    longest = usual.replace(b"\x02p\x02", b"\x02p" + b"\xff" * 9 + b"\x7f")

    assert walker.walk(longest).sequence == reference(longest)["sequence"] == -(2**63)  # type: ignore[index]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (frame(2) + codec.encode(batch())[5:], "unknown_schema"),
        (frame(77), "unknown_schema"),
        (frame(1) + b"\x01", "malformed"),
        (frame(1) + b"\x80" * 10 + b"\x00", "malformed"),
        (by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00", b"\x00\x02\xff"), "not_utf8"),
        (by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00", b"\x00\x02"), "truncated"),
        (by_hand(encode_texts(["a", "b"]), b"\x04" + ONE + TWO + b"\x00", b"\x00\x00\x00"), "trailing_bytes"),
        (by_hand(b"\xfe\xff\xff\xff\xff\x0f", b""), "truncated"),
    ],
    ids=[
        "other record",
        "unknown id",
        "negative length",
        "overlong number",
        "signature in latin-1",
        "signature cut",
        "byte too many",
        "billions of names",
    ],
)
def test_what_avro_does_not_allow_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        Walker().walk(value)
    assert caught.value.reason == reason
