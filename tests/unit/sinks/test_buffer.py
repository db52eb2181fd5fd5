import pytest
from pulsemon_schemas.records import LogRecord
from pulsemon_sinks.buffer import Buffer, Entry, FlushLimits


def entry(offset: int, samples: int = 10, size: int = 100) -> Entry:
    return Entry(LogRecord("t", 0, offset, 0, b"k", b"x" * size), samples, 0)


@pytest.fixture(name="buffer")
def filled() -> Buffer:
    buffer = Buffer()
    for offset in (3, 5, 6, 9):
        buffer.add(entry(offset), now=1.0)
    return buffer


@pytest.mark.parametrize(
    ("limits", "is_due"),
    [
        (FlushLimits(41, 1000, 5.0), False),
        (FlushLimits(40, 1000, 5.0), True),
        (FlushLimits(41, 400, 5.0), True),
        (FlushLimits(41, 1000, 1.0), True),
    ],
)
def test_a_block_is_due_by_samples_bytes_or_age(buffer: Buffer, limits: FlushLimits, is_due: bool) -> None:
    assert buffer.is_due(limits, now=2.0) is is_due


def test_nothing_is_never_due() -> None:
    assert not Buffer().is_due(FlushLimits(0, 0, 0.0), now=100.0)


@pytest.mark.parametrize(
    ("limits", "last"),
    [
        (FlushLimits(10, 999, 9), 3),
        (FlushLimits(11, 999, 9), 5),
        (FlushLimits(99, 300, 9), 6),
        (FlushLimits(99, 999, 9), 9),
    ],
)
def test_a_proposal_ends_with_the_record_that_reaches_a_limit(buffer: Buffer, limits: FlushLimits, last: int) -> None:
    assert buffer.proposal(limits) == last


def test_blocks_are_cut_by_offset_over_gaps(buffer: Buffer) -> None:
    assert [one.record.offset for one in buffer.upto(5)] == [3, 5]
    assert [one.record.offset for one in buffer.upto(8)] == [3, 5, 6]
    assert [one.record.offset for one in buffer.upto(20)] == [3, 5, 6, 9]
    assert buffer.reaches(9)
    assert not buffer.reaches(10)


def test_dropping_keeps_the_sums(buffer: Buffer) -> None:
    buffer.drop(3, now=7.0)
    assert (buffer.samples, buffer.bytes, buffer.born) == (10, 100, 7.0)
    assert [one.record.offset for one in buffer.entries] == [9]
