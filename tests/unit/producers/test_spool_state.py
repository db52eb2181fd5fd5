import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from pulsemon_producers.spool.state import SLOT_BYTES, SLOTS, Mark, Numbered, SpoolState, SpoolStateFile
from pulsemon_producers.used_times import UsedTimes

STATE = SpoolState(
    producer_id="p2",
    sequence=7,
    used=UsedTimes.of([(0, 1000), (5000, 9000)]),
    put=Mark(20, 400),
    passed=Mark(12, 240),
    done=10,
    numbered_samples=40,
    group=Numbered("p2", "p1", 3, 6, (11, 12), {"spool_full": 4}),
    unreported={"invalid": 1},
    counted=9,
)


def saved(folder: Path, count: int, synced_at: int) -> SpoolStateFile:
    """A file with states 1 to ``count``, of which one was synced."""
    file = SpoolStateFile(folder)
    for number in range(1, count + 1):
        file.save(replace(STATE, done=number), is_synced=number == synced_at)
    return file


def test_what_was_saved_last_is_loaded(tmp_path: Path) -> None:
    saved(tmp_path, 9, 4).close()

    assert SpoolStateFile(tmp_path).load() == replace(STATE, done=9)
    assert (tmp_path / "state").stat().st_size <= SLOTS * SLOT_BYTES


def test_a_first_start_is_no_damage_and_garbage_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert SpoolStateFile(tmp_path).load() == SpoolState()
    assert not caplog.text
    (tmp_path / "state").write_bytes(b"garbage" * 5000)

    assert SpoolStateFile(tmp_path).load() is None
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("cut", [0, 3, 8, 50, 300])
def test_a_save_that_was_torn_by_a_kill_leaves_the_one_before(tmp_path: Path, cut: int) -> None:
    saved(tmp_path, 5, 2).close()
    before = (tmp_path / "state").read_bytes()
    file = SpoolStateFile(tmp_path)
    file.load()
    file.save(replace(STATE, done=6, used=UsedTimes.of([(77_000, 78_000)])), is_synced=False)
    file.close()
    after = (tmp_path / "state").read_bytes()
    (slot,) = [
        number
        for number in range(SLOTS)
        if before[number * SLOT_BYTES : (number + 1) * SLOT_BYTES] != after[number * SLOT_BYTES :][:SLOT_BYTES]
    ]
    at = slot * SLOT_BYTES
    (tmp_path / "state").write_bytes(after[: at + cut] + before[at + cut : at + SLOT_BYTES] + after[at + SLOT_BYTES :])

    loaded = SpoolStateFile(tmp_path).load()

    assert loaded is not None
    assert loaded.done == 5


def test_whatever_a_power_loss_tears_what_was_synced_is_there(tmp_path: Path) -> None:
    for count in range(4, 12):
        folder = tmp_path / str(count)
        folder.mkdir()
        saved(folder, 3, 3).close()
        synced = (folder / "state").read_bytes()
        file = SpoolStateFile(folder)
        file.load()
        for number in range(4, count + 1):
            file.save(replace(STATE, done=number), is_synced=False)
        file.close()
        changed = (folder / "state").read_bytes()
        torn = bytes(
            new if new == old else 0
            for new, old in itertools.zip_longest(changed, synced, fillvalue=None)
            if new is not None
        )
        (folder / "state").write_bytes(torn)

        loaded = SpoolStateFile(folder).load()

        assert loaded is not None
        assert loaded.done == 3, count
