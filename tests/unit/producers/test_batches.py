from pathlib import Path

from pulsemon_producers.admission import Sample
from pulsemon_producers.batches import Sealer, emptied
from pulsemon_producers.drafts import Draft, Drafter
from pulsemon_producers.state_file import UNKNOWN, ProducerState, StateFile
from pulsemon_schemas.codec import BatchEncoder, decode, encode

TICK_MS = 10_000
SAMPLES = [Sample("b", "x=2", 2.0), Sample("a", "", 3.0), Sample("b", "x=1", 1.0)]


def draft(recorded_at_ms: int = TICK_MS) -> Draft:
    (made,), _ = Drafter().drafts(recorded_at_ms, SAMPLES)
    return made


def sealer(folder: Path | None, previous: ProducerState = UNKNOWN) -> Sealer:
    return Sealer("web-1", "agent", StateFile(folder), previous, TICK_MS)


def test_samples_are_sorted_and_each_pair_comes_once() -> None:
    drafts, repeated = Drafter().drafts(TICK_MS, [*SAMPLES, Sample("b", "x=1", 9.0)])

    assert [(made.names, made.labels, list(made.values)) for made in drafts] == [
        (("a", "b", "b"), ("", "x=1", "x=2"), [3.0, 1.0, 2.0])
    ]
    assert repeated == 1


def test_a_tick_without_samples_is_still_a_sign_of_life() -> None:
    drafts, repeated = Drafter().drafts(TICK_MS, [])

    assert [len(made) for made in drafts] == [0]
    assert repeated == 0


def test_a_tick_with_too_many_samples_becomes_several_batches() -> None:
    samples = [Sample("a", f"n={number:03}", number) for number in range(250)]

    drafts, _ = Drafter(max_samples=100).drafts(TICK_MS, samples)

    assert [len(made) for made in drafts] == [100, 100, 50]
    assert [label for made in drafts for label in made.labels] == [sample.labels for sample in samples]


def test_a_tick_with_long_labels_becomes_several_batches_that_a_record_holds() -> None:
    samples = [Sample("custom.long", f"path={'é' * 1000}{number:04}", 1.0) for number in range(1000)]

    drafts, _ = Drafter().drafts(TICK_MS, samples)

    assert [label for draft in drafts for label in draft.labels] == [sample.labels for sample in samples]
    assert max(sum(len(label.encode()) for label in draft.labels) for draft in drafts) < 1_000_000 // 2


def test_drafts_of_one_set_of_series_share_its_names() -> None:
    drafter = Drafter()
    (first,), _ = drafter.drafts(0, SAMPLES)
    (second,), _ = drafter.drafts(TICK_MS, [Sample(*sample[:2], 7.0) for sample in SAMPLES])

    assert first.names is second.names
    assert first.labels is second.labels


def test_sequences_begin_at_zero_without_holes_under_a_new_id_at_each_start(tmp_path: Path) -> None:
    first, second = sealer(tmp_path), sealer(tmp_path)

    assert [first.seal(draft(), 0, {}).sequence for _ in range(3)] == [0, 1, 2]
    assert first.producer_id != second.producer_id


def test_a_successor_names_the_last_batch_of_its_predecessor(tmp_path: Path) -> None:
    first = sealer(tmp_path)
    batches = [first.seal(draft(number * TICK_MS), 0, {}) for number in range(3)]
    assert {(batch.previous_producer_id, batch.previous_sequence) for batch in batches} == {("", -1)}

    saved = StateFile(tmp_path).load()
    assert saved is not None
    batch = sealer(tmp_path, saved).seal(draft(), 0, {})

    assert (batch.previous_producer_id, batch.previous_sequence, batch.sequence) == (first.producer_id, 2, 0)
    assert saved.used.runs == ((0, 2 * TICK_MS, 0),)


def test_a_sealed_batch_is_one_that_both_encoders_take() -> None:
    batch = sealer(None).seal(draft(), 12_345, {"queue_full": 4})

    assert decode(encode(batch)) == decode(BatchEncoder().encode(batch)) == batch
    assert (batch.server_id, batch.source, batch.recorded_at_ms, batch.sent_at_ms) == (
        "web-1",
        "agent",
        TICK_MS,
        12_345,
    )


def test_an_emptied_batch_keeps_its_place_and_counts_what_it_lost() -> None:
    batch = sealer(None).seal(draft(), 0, {"queue_full": 4})

    empty = emptied(batch, "too_large")

    assert (empty.sequence, empty.values, empty.dropped) == (0, (), {"queue_full": 4, "too_large": 3})
