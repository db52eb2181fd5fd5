from collections.abc import Callable

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import ControlRecord
from support.batches import batch, host_batch

BATCH = batch(dropped={"expired": 3})
BYTES = codec.encode(BATCH)


def test_a_batch_comes_back() -> None:
    assert codec.decode(BYTES) == BATCH


def test_the_framing_is_what_tools_with_a_registry_expect() -> None:
    assert BYTES[:5] == b"\x00\x00\x00\x00\x01"
    assert codec.schema_id_of(BYTES) == 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "framing"),
        (lambda data: data[:4], "framing"),
        (lambda data: b"\x01" + data[1:], "framing"),
        (lambda data: b"{}" + data, "framing"),
        (lambda data: data[:4] + b"\x63" + data[5:], "unknown_schema"),
        (lambda data: data[:5], "truncated"),
        (lambda data: data[:-1], "truncated"),
        (lambda data: data + b"\x00", "trailing_bytes"),
        (lambda data: data.replace(b"web", b"\xff\xff\xff"), "not_utf8"),
    ],
)
def test_damage_is_told_apart(damage: Callable[[bytes], bytes], reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        codec.decode(damage(BYTES))
    assert caught.value.reason == reason


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="ControlRecord does not fit its schema"):
        codec.encode(ControlRecord("server", "a", "put", "soon", "c", "me", "", "", "{}"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="surrogates not allowed"):
        codec.encode(batch(server_id="\ud800"))
    with pytest.raises(ValueError, match="does not fit"):
        codec.encode(batch(sequence=2**63))


def test_the_hand_encoder_makes_the_same_bytes() -> None:
    encoder = codec.BatchEncoder()
    for made in (BATCH, host_batch(), host_batch(1), batch(names=(), labels=(), values=()), batch(signature="00" * 32)):
        assert encoder.encode(made) == codec.encode(made)
        assert encoder.encode(made) == codec.encode(made), "with the series from the cache"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"names": ("a", "b"), "labels": ("", ""), "values": (1.0,)}, "2 names and 1 values"),
        ({"names": ("a", "b"), "labels": ("",), "values": (1.0, 2.0)}, "2 names and 1 labels"),
        ({"names": ("b", "a"), "labels": ("", ""), "values": (1.0, 2.0)}, "sorted"),
        ({"names": ("a", "a"), "labels": ("", ""), "values": (1.0, 2.0)}, "each pair once"),
    ],
)
def test_the_hand_encoder_refuses_what_no_reader_would_take(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        codec.BatchEncoder().encode(batch(**changes))


def test_the_hand_encoder_forgets_the_oldest_series() -> None:
    encoder = codec.BatchEncoder()
    for count in range(200):
        encoder.encode(host_batch(sample_count=count))

    assert len(encoder._series) == 64
