import zlib

import pytest
from pulsemon_producers.spool.record import HEADER_BYTES, Found, decode, encode, scan
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch


def batch(number: int) -> MetricBatch:
    return MetricBatch("web-1", "agent", "p", number, "", -1, 1000, 1000, ("a",), ("",), (float(number),), {"x": 1})


RECORDS = [encode(number, 10 * number, batch(number), BatchEncoder()) for number in (1, 2, 3)]
WHOLE = b"".join(RECORDS)


def serials(data: bytes) -> list[int]:
    return [found.serial for found in scan(data)]


def test_what_was_written_is_found_again() -> None:
    found = list(scan(WHOLE))

    assert [(one.serial, one.samples_before, one.samples_through) for one in found] == [
        (1, 10, 11),
        (2, 20, 21),
        (3, 30, 31),
    ]
    assert [decode(one) for one in found] == [batch(1), batch(2), batch(3)]
    assert found[-1].end == len(WHOLE)
    assert serials(WHOLE[found[0].end :]) == [2, 3]


@pytest.mark.parametrize("bit", [0, 7])
def test_a_bit_anywhere_in_a_record_hides_it_and_no_other(bit: int) -> None:
    first, last = len(RECORDS[0]), len(RECORDS[0]) + len(RECORDS[1])
    for place in range(first, last):
        data = bytearray(WHOLE)
        data[place] ^= 1 << bit

        assert serials(bytes(data)) == [1, 3], place


def test_a_cut_anywhere_leaves_what_is_whole() -> None:
    for length in range(len(WHOLE)):
        assert (
            serials(WHOLE[:length])
            == [1, 2, 3][: sum(length >= end for end in (len(RECORDS[0]), len(RECORDS[0] + RECORDS[1])))]
        )


def test_what_stands_between_records_is_passed_over() -> None:
    assert serials(b"PMSP" + RECORDS[0] + b"PMSPgarbage" + RECORDS[1][:-1] + RECORDS[2]) == [1, 3]


@pytest.mark.parametrize("payload", [b"no zlib", zlib.compress(b"no batch")])
def test_a_payload_that_is_no_batch_is_said_to_be_none(payload: bytes) -> None:
    with pytest.raises(ContractError):
        decode(Found(1, 0, 1, payload, HEADER_BYTES + len(payload)))
