"""The walker and fastavro give the same verdict and the same values, for whole batches and for damaged ones."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas import codec
from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.reasons import REASONS
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.walker import Walker
from pulsemon_schemas.wire import encode_long
from support.avro_reference import reference
from support.batches import batch, host_batch

MUTATIONS = 20_000
LONGS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=80)
SAMPLES = st.lists(st.tuples(TEXTS, TEXTS, st.floats()), max_size=40, unique_by=lambda sample: sample[:2])


@st.composite
def batches(draw: st.DrawFn) -> MetricBatch:
    samples = sorted(draw(SAMPLES), key=lambda sample: sample[:2])
    names, labels, values = zip(*samples, strict=True) if samples else ((), (), ())
    return batch(
        server_id=draw(TEXTS),
        source=draw(TEXTS),
        producer_id=draw(TEXTS),
        sequence=draw(LONGS),
        previous_producer_id=draw(TEXTS),
        previous_sequence=draw(LONGS),
        recorded_at_ms=draw(LONGS),
        sent_at_ms=draw(LONGS),
        names=names,
        labels=labels,
        values=values,
        dropped=draw(st.dictionaries(TEXTS, LONGS, max_size=3)),
        signature=draw(TEXTS),
    )


def fields(head: BatchHead) -> dict[str, Any]:
    """As fastavro would give them."""
    return {
        "server_id": head.server_id,
        "source": head.source,
        "producer_id": head.producer_id,
        "sequence": head.sequence,
        "previous_producer_id": head.previous_producer_id,
        "previous_sequence": head.previous_sequence,
        "recorded_at": head.recorded_at_ms,
        "sent_at": head.sent_at_ms,
        "names": list(head.names),
        "labels": list(head.labels),
        "values": list(head.values()),
        "dropped": dict(head.dropped),
        "signature": head.signature,
    }


def walked(walker: Walker, value: bytes) -> dict[str, Any] | None:
    try:
        return fields(walker.walk(value))
    except ContractError as error:
        return None if error.reason in REASONS else {"unlisted reason": error.reason}


def assert_agreement(walker: Walker, value: bytes) -> bool:
    """True if the bytes are a batch. Compared by repr, because NaN does not equal itself."""
    expected = reference(value)
    for _ in range(2):
        assert repr(walked(walker, value)) == repr(expected), value.hex()
    return expected is not None


@given(batches())
@settings(max_examples=300, deadline=None)
def test_whole_batches(made: MetricBatch) -> None:
    assert assert_agreement(Walker(), codec.encode(made))


@given(batches(), st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_batches(made: MetricBatch, data: st.DataObject) -> None:
    value = codec.encode(made)
    walker = Walker()
    walker.walk(value)
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 12)))
    assert_agreement(walker, value[:start] + data.draw(st.binary(max_size=12)) + value[end:])


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_garbage(garbage: bytes) -> None:
    assert_agreement(Walker(), b"\x00\x00\x00\x00\x01" + garbage)


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=6), st.data())
@settings(max_examples=200, deadline=None)
def test_arrays_in_any_blocks(blocks: list[tuple[int, bool]], data: st.DataObject) -> None:
    count = sum(size for size, _ in blocks)
    made = host_batch(sample_count=count)
    head = codec.encode(batch(names=(), labels=(), values=()))[:-5]
    texts = [[encode_long(len(text)) + text.encode() for text in texts] for texts in (made.names, made.labels)]
    doubles = [codec.encode(batch(names=("a",), labels=("",), values=(value,)))[-11:-3] for value in made.values]

    value = (
        head + b"".join(in_blocks(items, data.draw(st.permutations(blocks))) for items in (*texts, doubles)) + b"\0\0"
    )

    assert assert_agreement(Walker(), value)


def in_blocks(items: list[bytes], blocks: list[tuple[int, bool]]) -> bytes:
    """An array whose blocks have these sizes, some with their length in bytes in front, as Avro allows."""
    parts = []
    at = 0
    for size, is_sized in blocks:
        body = b"".join(items[at : at + size])
        parts.append(encode_long(-size) + encode_long(len(body)) if is_sized else encode_long(size))
        parts.append(body)
        at += size
    return b"".join(parts) + b"\x00"


def test_twenty_thousand_mutations() -> None:
    random_ = random.Random(20260701)
    walker = Walker()
    sources = [
        codec.encode(made)
        for made in (
            *(host_batch(number, 12) for number in range(20)),
            batch(),
            batch(names=(), labels=(), values=()),
            batch(dropped={"expired": 3, "queue_full": 1}, signature="ab" * 32),
            batch(sequence=2**40, previous_producer_id="p" * 70, recorded_at_ms=-5),
        )
    ]
    valid = sum(assert_agreement(walker, mutated(random_, random_.choice(sources))) for _ in range(MUTATIONS))

    assert MUTATIONS // 10 < valid < MUTATIONS * 9 // 10, "both verdicts must be common for the test to mean something"


def mutated(random_: random.Random, value: bytes) -> bytes:
    """One to three bytes overwritten, and sometimes cut off, lengthened, or with a piece taken out."""
    data = bytearray(value)
    for _ in range(random_.randrange(1, 4)):
        data[random_.randrange(5, len(data))] = random_.choice(
            (0, 1, 2, 0x7F, 0x80, 0x81, 0xFF, random_.randrange(256))
        )
    kind = random_.random()
    if kind < 0.1:
        del data[random_.randrange(len(data)) :]
    elif kind < 0.15:
        data += random_.randbytes(random_.randrange(1, 4))
    elif kind < 0.2:
        start = random_.randrange(len(data))
        del data[start : start + random_.randrange(1, 9)]
    return bytes(data)
