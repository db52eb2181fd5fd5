from dataclasses import replace
from pathlib import Path

from pulsemon_producers.spool.record import encode
from pulsemon_producers.spool.recovery import Recovered, recover
from pulsemon_producers.spool.segments import Segments
from pulsemon_producers.spool.state import Mark, Numbered, SpoolState
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.records import MetricBatch

SAMPLES = 2
PLAIN = MetricBatch("web-1", "agent", "", -1, "", -1, 1000, 1000, ("a", "b"), ("", ""), (1.0, 2.0))


def numbered(sequence: int, dropped: int = 0) -> MetricBatch:
    counts = {"spool_full": dropped} if dropped else {}
    return replace(PLAIN, producer_id="p1", sequence=sequence, dropped=counts)


def recovered(folder: Path, state: SpoolState | None, *batches: MetricBatch | None) -> Recovered:
    """What is found of these batches, from serial 1 on, where None was put and is not there."""
    segments = Segments(folder, 1 << 20)
    for number, batch in enumerate(batches):
        if batch is not None:
            before = Mark(number, SAMPLES * number)
            segments.append(encode(number + 1, before.samples, batch, BatchEncoder()), before)
    segments.close()
    return recover(Segments(folder, 1 << 20), state)


def at(serial: int) -> Mark:
    return Mark(serial, SAMPLES * serial)


def serials(found: Recovered) -> list[int]:
    return [entry.serial for entry in found.numbered]


def test_what_was_dropped_between_numbered_batches_stays_dropped(tmp_path: Path) -> None:
    state = SpoolState("p1", 1, put=at(4), passed=at(3), numbered_samples=2 * SAMPLES)

    found = recovered(tmp_path, state, numbered(0), PLAIN, numbered(1), PLAIN)

    assert serials(found) == [1, 3]
    assert found.lost_samples == 0
    assert found.state.passed == at(3), "the fourth still has to get its number"


def test_a_numbered_batch_that_is_gone_is_lost_and_its_number_stays_empty(tmp_path: Path) -> None:
    state = SpoolState("p1", 2, put=at(3), passed=at(3), numbered_samples=3 * SAMPLES)

    found = recovered(tmp_path, state, numbered(0), None, numbered(2))

    assert [entry.batch.sequence for entry in found.numbered] == [0, 2]
    assert found.lost_samples == SAMPLES


def test_counts_go_with_the_batch_that_was_written_with_them_and_with_no_other(tmp_path: Path) -> None:
    state = SpoolState("p1", 0, put=at(2), passed=at(1), done=1, counted=1, unreported={"spool_full": 7, "invalid": 1})

    found = recovered(tmp_path, state, numbered(0), numbered(1, dropped=7))

    assert [entry.batch.dropped for entry in found.numbered] == [{"spool_full": 7}]
    assert found.state.unreported == {"invalid": 1}
    assert (found.state.producer_id, found.state.sequence) == ("p1", 1)


def test_counts_are_kept_if_the_batch_that_was_to_tell_of_them_was_never_written(tmp_path: Path) -> None:
    state = SpoolState("p1", 0, put=at(2), passed=at(1), done=1, counted=1, unreported={"spool_full": 7})

    found = recovered(tmp_path, state, numbered(0), None)

    assert serials(found) == []
    assert found.state.unreported == {"spool_full": 7}
    assert found.lost_samples == SAMPLES


def test_numbers_of_a_group_and_its_counts_come_back(tmp_path: Path) -> None:
    group = Numbered("p2", "p1", 9, 4, (2, 3), {"spool_full": 5})
    state = SpoolState("p2", 5, put=at(4), passed=at(3), done=1, numbered_samples=2 * SAMPLES, group=group)

    found = recovered(tmp_path, state, numbered(9), PLAIN, PLAIN, PLAIN)

    assert [(one.batch.producer_id, one.batch.sequence, one.batch.dropped) for one in found.numbered] == [
        ("p2", 4, {"spool_full": 5}),
        ("p2", 5, {}),
    ]
    assert {(one.batch.previous_producer_id, one.batch.previous_sequence) for one in found.numbered} == {("p1", 9)}
    assert found.state.unreported == {}


def test_a_tail_that_is_gone_is_counted_at_once_if_nothing_follows(tmp_path: Path) -> None:
    found = recovered(tmp_path, SpoolState(put=at(5)), PLAIN, None, None, None, None)
    alone = recovered(tmp_path / "other", SpoolState(put=at(3), passed=at(1), done=1), numbered(0), None, None)

    assert (found.lost_samples, found.state.passed) == (0, Mark()), "it is found out when the first was numbered"
    assert (alone.lost_samples, alone.state.passed) == (2 * SAMPLES, at(3))


def test_records_that_are_newer_than_the_state_are_not_overwritten(tmp_path: Path) -> None:
    found = recovered(tmp_path, SpoolState(), PLAIN, PLAIN)

    assert found.state.put == at(2)
