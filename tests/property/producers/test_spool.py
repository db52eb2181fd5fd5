"""Spools that are killed at any byte they write, and disks that lose or change any byte."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_producers.spool import disk_spool, segments
from pulsemon_producers.spool.disk_spool import WINDOW
from support.spools import TICK_MS, Delivered, Life, acknowledge, drain, open_life, put

TINY = 12 * 1024
"""With segments of a kilobyte and a window of four everything happens often: drops, groups, files that go."""
PUTS = st.tuples(st.just("put"), st.integers(1, 40), st.sampled_from([0, 1, 3, 60]))
SENDS = st.tuples(st.just("send"), st.integers(1, 50), st.just(0))
KILLS = st.tuples(st.just("kill"), st.integers(0, 700), st.integers(0, 30))


class KilledError(Exception):
    """The process ended in the middle of a write."""


class Power:
    """Ends a process after so many writes, in the middle of the last one."""

    def __init__(self) -> None:
        self.writes_left = -1
        self.bytes_left = 0
        self._write, self._pwrite = os.write, os.pwrite

    def write(self, handle: int, data: bytes) -> int:
        return self._some(data, lambda part: self._write(handle, part))

    def pwrite(self, handle: int, data: bytes, offset: int) -> int:
        return self._some(data, lambda part: self._pwrite(handle, part, offset))

    def _some(self, data: bytes, write: Callable[[bytes], int]) -> int:
        if self.writes_left == 0:
            write(data[: min(self.bytes_left, len(data))])
            raise KilledError
        self.writes_left -= 1
        return write(data)


def leave(life: Life) -> None:
    """The kernel ends its threads, and closes what it had open."""
    life.spool._flusher.end()
    life.spool._segments.close()
    life.spool._state_file.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(PUTS, SENDS, KILLS), min_size=1, max_size=25))
def test_killed_at_any_byte_nothing_is_lost_doubled_or_without_a_count(steps: list[tuple[str, int, int]]) -> None:
    power, log = Power(), Delivered()
    produced = number = 0
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", power.write)
        patch.setattr(os, "pwrite", power.pwrite)
        patch.setattr(segments, "MIN_SEGMENT_BYTES", 1024)
        patch.setattr(disk_spool, "WINDOW", 4)
        life = open_life(Path(name), TINY)
        for step, count, more in steps:
            try:
                if step == "kill":
                    power.bytes_left, power.writes_left = count, more
                for _ in range(count if step == "put" else 0):
                    number += 1
                    produced += more
                    put(life, number, more)
                if step == "send":
                    acknowledge(life, log, count)
            except KilledError:
                power.writes_left = -1
                leave(life)
                # what was killed while it was being put was perhaps never there: then it is not counted either
                produced -= more if step == "put" and not was_put(Path(name), number) else 0
                life = open_life(Path(name), TINY)
        power.writes_left = -1
        put(life, number + 1, 0)
        put(life, number + 2, 0)
        drain(life, log)
        leave(life)

    assert log.samples + sum(log.dropped.values()) == produced, log.dropped
    assert len(set(log.moments)) == len(log.moments), "no sample has two identities"
    assert log.moments == sorted(log.moments)
    for sequences in log.sequences().values():
        assert sequences == list(range(len(sequences)))


def was_put(folder: Path, number: int) -> bool:
    """Whether the state knows of that tick."""
    from pulsemon_producers.spool.state import SpoolStateFile

    state = SpoolStateFile(folder).load()
    return state is not None and state.used.run_at(number * TICK_MS, TICK_MS) is not None


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3 * WINDOW),
    st.integers(0, 20),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["cut", *range(8)]),
)
def test_a_damaged_disk_loses_what_it_damaged_and_it_is_counted(
    puts: int, sent: int, share: float, damage: str | int
) -> None:
    log = Delivered()
    samples = 5
    with TemporaryDirectory() as name:
        folder = Path(name)
        life = open_life(folder)
        for number in range(puts):
            put(life, number, samples)
        acknowledge(life, log, sent)
        leave(life)
        (segment,) = folder.glob("*.segment")
        data = bytearray(segment.read_bytes())
        place = int(share * len(data))
        if isinstance(damage, str):
            del data[place:]
        else:
            data[place] ^= 1 << damage
        segment.write_bytes(data)
        life = open_life(folder)
        put(life, puts, samples)
        acknowledge(life, log, 4 * WINDOW)
        put(life, puts + 1, samples)
        drain(life, log)
        leave(life)

    assert log.samples + sum(log.dropped.values()) == (puts + 2) * samples
    assert set(log.dropped) <= {"spool_damaged"}
    assert log.moments == sorted(set(log.moments))
    lost = sorted(set(range(puts)) - {moment // TICK_MS for moment in log.moments})
    if lost and damage == "cut":
        assert lost == list(range(lost[0], puts)), "everything before the damage is there"
    else:
        assert len(lost) <= 1, "one byte damages one batch"
    for batch in log.batches.values():
        assert all(int(value) == batch.recorded_at_ms // TICK_MS for value in batch.values)
