import errno
import itertools
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pulsemon_producers.admission import Sample
from pulsemon_producers.backlogs import open_backlog
from pulsemon_producers.drafts import Drafter
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.spool.disk_spool import WINDOW
from pulsemon_producers.spool.state import SpoolState, SpoolStateFile
from pulsemon_producers.tally import Tally
from support.spools import TICK_MS, Delivered, acknowledge, drain, open_life, put
from support.waiting import wait_until

SMALL = 256 * 1024


def test_while_the_other_side_takes_batches_hardly_anything_is_written_and_nothing_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, log = open_life(tmp_path), Delivered()
    put(life, 0)
    acknowledge(life, log, 1)
    syncs: list[int] = []
    monkeypatch.setattr(os, "fdatasync", syncs.append)
    monkeypatch.setattr(os, "fsync", syncs.append)
    for number in range(1, 100):
        put(life, number)
        acknowledge(life, log, 1)

    assert not syncs
    assert list(log.sequences().values()) == [list(range(100))]
    assert log.moments == [number * TICK_MS for number in range(100)]
    assert life.spool.fill().disk_bytes == 0, "nothing waits"


def test_what_waits_for_longer_than_a_tick_is_on_the_disk_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = open_life(tmp_path)
    put(life, 0)
    synced: list[int] = []
    real = os.fdatasync

    def counted(handle: int) -> None:
        real(handle)
        synced.append(handle)

    monkeypatch.setattr(os, "fdatasync", counted)

    for number in range(1, 4):
        put(life, number)
        wait_until(lambda: len(synced), what="the batch to be on the disk")
        synced.clear()

    life.spool.end()


def test_a_disk_that_hangs_delays_no_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life, log = open_life(tmp_path), Delivered()
    put(life, 0)
    hangs, is_free = threading.Event(), threading.Event()

    def hang(handle: int) -> None:
        hangs.set()
        is_free.wait(30)

    monkeypatch.setattr(os, "fdatasync", hang)
    put(life, 1)
    assert hangs.wait(10)
    for number in range(2, 10):
        put(life, number)
    acknowledge(life, log, 10)

    assert len(log.moments) == 10
    is_free.set()
    life.spool.end()


def test_a_kill_after_each_batch_changes_neither_numbers_nor_order(tmp_path: Path) -> None:
    log = Delivered()
    for number in range(5):
        put(open_life(tmp_path), number)
    drain(open_life(tmp_path), log)

    assert log.moments == [number * TICK_MS for number in range(5)]
    assert list(log.sequences().values()) == [[0]] * 5
    previous = ("", -1)
    for identity, batch in log.batches.items():
        assert (batch.previous_producer_id, batch.previous_sequence) == previous
        previous = identity


def test_a_batch_that_was_sent_and_not_known_to_be_taken_is_sent_again_as_it_was(tmp_path: Path) -> None:
    log = Delivered()
    first = open_life(tmp_path)
    for number in range(WINDOW + 10):
        put(first, number)
    sent = first.spool.take()
    assert sent is not None
    log.add(sent)

    second = open_life(tmp_path)
    put(second, WINDOW + 10)
    drain(second, log)

    assert log.order[:2] == [log.order[0]] * 2
    assert log.moments == [number * TICK_MS for number in range(WINDOW + 11)]
    old, new = log.sequences().values()
    assert old == list(range(WINDOW)), "those that had a number keep it"
    assert new == list(range(11))
    (_, last_old), (_, first_new) = list(log.batches.items())[WINDOW - 1 : WINDOW + 1]
    assert (first_new.previous_producer_id, first_new.previous_sequence) == (last_old.producer_id, last_old.sequence)


def test_numbers_that_were_given_in_a_group_survive_a_kill(tmp_path: Path) -> None:
    log = Delivered()
    first = open_life(tmp_path)
    for number in range(2 * WINDOW + 5):
        put(first, number)
    acknowledge(first, log, WINDOW)
    sent = first.spool.take()
    assert sent is not None, "the first of the group"
    log.add(sent)
    drain(open_life(tmp_path), log)

    old, new = log.sequences().values()
    assert (old, new) == (list(range(2 * WINDOW)), list(range(5)))
    assert log.moments == [number * TICK_MS for number in range(2 * WINDOW + 5)]


def test_when_it_is_full_the_oldest_without_a_number_go_and_are_counted_without_a_hole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    life, log = open_life(tmp_path, SMALL), Delivered()
    samples = 500
    for number in range(300):
        put(life, number, samples)
    size = sum(path.stat().st_size for path in tmp_path.glob("*.segment"))
    assert size <= SMALL
    assert caplog.text.count("The spool is full") == 1
    put(life, 300, 0)
    drain(life, log)

    (sequences,) = log.sequences().values()
    assert sequences == list(range(len(sequences))), "a drop leaves no hole"
    kept = [moment // TICK_MS for moment in log.moments]
    gaps = [(one, other) for one, other in itertools.pairwise(kept) if other != one + 1]
    assert len(gaps) == 1, "one run of the oldest is missing"
    assert kept[-1] == 299
    assert log.dropped == {"spool_full": 300 * samples - log.samples}
    assert log.samples < 300 * samples


def test_drops_that_no_batch_told_of_are_told_after_a_kill(tmp_path: Path) -> None:
    first, log = open_life(tmp_path, SMALL), Delivered()
    for number in range(300):
        put(first, number, 500)
    put(open_life(tmp_path, SMALL), 300, 0)
    drain(open_life(tmp_path, SMALL), log)

    assert log.samples + log.dropped["spool_full"] == 300 * 500
    assert set(log.dropped) == {"spool_full"}


def test_files_go_when_their_batches_are_acknowledged(tmp_path: Path) -> None:
    life, log = open_life(tmp_path, SMALL), Delivered()
    for number in range(50):
        put(life, number, 500)
    assert len(list(tmp_path.glob("*.segment"))) > 1
    acknowledge(life, log, 50)

    assert len(list(tmp_path.glob("*.segment"))) == 1
    assert life.spool.fill().samples == 0


def test_a_disk_that_fails_leaves_what_waits_in_memory_and_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    life, log = open_life(tmp_path), Delivered()
    for number in range(WINDOW + 5):
        put(life, number)

    def refuse(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(os, "write", refuse)
        for number in range(WINDOW + 5, WINDOW + 10):
            put(life, number)
    kept = [life.spool.keeps]
    put(life, WINDOW + 10)
    kept.append(life.spool.keeps)
    assert kept == [False, True], "after the next write all is on the disk again"
    drain(life, log)

    assert log.moments == [number * TICK_MS for number in range(WINDOW + 11)]
    assert log.dropped == {}
    assert caplog.text.count("Cannot write to the spool") == 1


def test_a_write_that_stops_halfway_leaves_nothing_of_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, log = open_life(tmp_path), Delivered()
    put(life, 0)
    (segment,) = tmp_path.glob("*.segment")
    size, real = segment.stat().st_size, os.write
    answers = iter([20])

    def fill_up(handle: int, data: bytes) -> int:
        if count := next(answers, 0):
            return real(handle, data[:count])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(os, "write", fill_up)
        put(life, 1)
        assert segment.stat().st_size == size
    put(life, 2)
    drain(life, log)

    assert log.moments == [0, TICK_MS, 2 * TICK_MS]


def test_before_a_file_goes_the_disk_knows_that_it_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, log = open_life(tmp_path, SMALL), Delivered()
    for number in range(50):
        put(life, number, 500)
    events: list[str] = []
    save, sync, unlink = SpoolStateFile.save, SpoolStateFile.sync, Path.unlink

    def saving(file: SpoolStateFile, state: SpoolState, *, is_synced: bool) -> None:
        events.append("save")
        save(file, state, is_synced=is_synced)

    def syncing(file: SpoolStateFile) -> None:
        events.append("sync")
        sync(file)

    def deleting(path: Path, missing_ok: bool = False) -> None:
        assert events[-1] == "sync", events[-3:]
        unlink(path, missing_ok)

    monkeypatch.setattr(SpoolStateFile, "save", saving)
    monkeypatch.setattr(SpoolStateFile, "sync", syncing)
    monkeypatch.setattr(Path, "unlink", deleting)
    acknowledge(life, log, 50)

    assert len(list(tmp_path.glob("*.segment"))) == 1


def test_a_disk_that_never_recovers_costs_only_what_the_memory_cannot_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life, log = open_life(tmp_path, unwritten=20), Delivered()
    for number in range(WINDOW):
        put(life, number)

    def refuse(handle: int, data: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", refuse)
    for number in range(WINDOW, WINDOW + 30):
        put(life, number)
    acknowledge(life, log, 2 * WINDOW)
    put(life, 100, 0)
    drain(life, log)

    assert log.samples == 2 * WINDOW + 20
    assert log.dropped == {"queue_full": 40}


def test_without_its_state_everything_that_is_there_is_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    life, log = open_life(tmp_path), Delivered()
    for number in range(WINDOW + 3):
        put(life, number)
    (tmp_path / "state").write_bytes(b"\0" * 100)
    drain(open_life(tmp_path), log)

    assert log.moments == [number * TICK_MS for number in range(WINDOW + 3)]
    assert "none of its copies is whole" in caplog.text


def test_a_new_spool_follows_the_agent_that_had_none(tmp_path: Path) -> None:
    settings = AgentSettings("web-1", state_dir=tmp_path, spool_bytes=0)
    without = open_backlog(settings, Tally())
    without.backlog.put(Drafter().drafts(5 * TICK_MS, [Sample("a", "", 1.0)])[0][0])
    last = without.backlog.take()
    assert last is not None

    opened = open_backlog(replace(settings, spool_bytes=1 << 20), Tally())
    opened.backlog.put(Drafter().drafts(6 * TICK_MS, [Sample("a", "", 2.0)])[0][0])
    first = opened.backlog.take()

    assert first is not None
    assert (first.previous_producer_id, first.previous_sequence) == (last.producer_id, 0)
    assert opened.previous.used.run_at(5 * TICK_MS, TICK_MS)
    opened.backlog.end()
    again = open_backlog(replace(settings, spool_bytes=1 << 20), Tally())
    assert (again.previous.producer_id, again.previous.sequence) == (first.producer_id, 0)
    assert {5 * TICK_MS, 6 * TICK_MS} == {
        moment for moment in (5 * TICK_MS, 6 * TICK_MS) if again.previous.used.run_at(moment, TICK_MS)
    }


def test_a_spool_that_is_switched_off_while_something_waits_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_spool = AgentSettings("web-1", state_dir=tmp_path)
    without = replace(with_spool, spool_bytes=0)
    opened = open_backlog(with_spool, Tally())
    opened.backlog.put(Drafter().drafts(5 * TICK_MS, [Sample("a", "", 1.0), Sample("b", "", 1.0)])[0][0])
    opened.backlog.end()

    open_backlog(without, Tally())
    assert caplog.text.count("spool_bytes is 0, and 2 samples wait") == 1
    caplog.clear()

    opened = open_backlog(with_spool, Tally())
    assert opened.backlog.take() is not None
    opened.backlog.done()
    opened.backlog.end()
    open_backlog(without, Tally())
    assert caplog.text == ""


def test_a_disk_that_cannot_be_used_at_all_leaves_the_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")

    opened = open_backlog(AgentSettings("web-1", state_dir=blocker / "below"), Tally())

    assert not opened.backlog.keeps
    assert "wait in memory alone" in caplog.text


def test_those_behind_the_first_are_taken_together_and_done_one_by_one(tmp_path: Path) -> None:
    life = open_life(tmp_path)
    for number in range(2 * WINDOW):
        put(life, number)
    first = life.spool.take()
    assert first is not None
    assert [first.sequence, *(one.sequence for one in life.spool.take_more(4))] == [0, 1, 2, 3, 4]
    life.spool.done()
    second = life.spool.take()
    assert second is not None
    assert [second.sequence, *(one.sequence for one in life.spool.take_more(WINDOW))] == list(range(1, WINDOW))
    life.spool.end()
