from dataclasses import replace

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.ticks import control_offset, make_tick, sign, verify
from pulsemon_schemas.walker import Walker
from support.batches import NOW_MS, batch

KEY = b"0123456789abcdef"


def tick(partition: int = 2, offset: int = 41, key: bytes = KEY) -> MetricBatch:
    return make_tick(
        key,
        partition=partition,
        topic_id="aaa",
        control_topic_id="bbb",
        control_offset=offset,
        producer_id="processor-1",
        sequence=5,
        now_ms=NOW_MS,
    )


def verified(made: MetricBatch, partition: int = 2, topic_id: str | None = "aaa") -> int:
    value = codec.encode(made)
    head = Walker().walk(value)
    verify(head, value, partition, KEY, topic_id)
    return control_offset(head)


@pytest.mark.parametrize("offset", [-1, 0, 41, 2**40])
def test_a_tick_carries_the_control_offset(offset: int) -> None:
    assert verified(tick(offset=offset)) == offset


def test_a_tick_says_what_it_is_for() -> None:
    assert tick().names == ("pulsemon.control_offset",)
    assert tick().labels == ("control_topic_id=bbb,partition=2,topic_id=aaa",)
    assert len(tick().signature) == 64


@pytest.mark.parametrize(
    "forged",
    [
        replace(tick(), signature=""),
        replace(tick(), signature="0" * 64),
        replace(tick(), signature="ü"),
        replace(tick(), values=(42.0,)),
        replace(tick(), sequence=6),
        replace(tick(), recorded_at_ms=NOW_MS + 1),
        replace(tick(), dropped={"x": 1}),
        replace(tick(), labels=("control_topic_id=bbb,partition=3,topic_id=aaa",)),
        tick(key=b"another secret"),
        tick(partition=3),
    ],
)
def test_any_change_spoils_the_signature(forged: MetricBatch) -> None:
    with pytest.raises(ContractError) as caught:
        verified(forged)
    assert caught.value.reason == "bad_signature"


@pytest.mark.parametrize(
    "made",
    [
        batch(server_id="_tick"),
        batch(server_id="_tick", names=("pulsemon.control_offset",), labels=("",), values=(1.0,)),
        batch(server_id="_tick", names=("pulsemon.control_offset",), labels=("odd",), values=(1.0,)),
        batch(server_id="_tick", names=("a",), labels=tick().labels, values=(1.0,)),
        batch(server_id="_tick", names=(*tick().names, "z"), labels=(*tick().labels, ""), values=(1.0, 2.0)),
    ],
)
def test_only_ticks_are_taken_even_when_signed(made: MetricBatch) -> None:
    unsigned = codec.BatchEncoder().encode_unsigned(made)

    with pytest.raises(ContractError) as caught:
        verified(replace(made, signature=sign(unsigned, KEY)))
    assert caught.value.reason == "bad_signature"
