"""However a process ends, what it counted arrives; and the next one takes its place."""

import signal

import pytest
from support.clients import own_labels
from support.embedded_clients import SERVER_ID, Place, last_values

pytestmark = pytest.mark.kafka

COUNT = 12_345


@pytest.mark.parametrize(
    ("way", "code", "says"), [("default", -signal.SIGTERM, ""), ("handler", 3, "handled\n"), ("asyncio", 0, "")]
)
def test_sigterm_flushes_and_does_what_it_did_before(place: Place, way: str, code: int, says: str) -> None:
    with place.start("waiting", way, str(COUNT)) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=30)

    assert (program.returncode, output, errors) == (code, says, "")
    assert list(last_values(place.batches(), "shop.hits").values()) == [COUNT]
    (event,) = place.events()
    assert (event.kind, event.text) == ("deploy", "Version 4.2")
    assert event.labels == own_labels(0, SERVER_ID, version="4.2")


def test_a_restart_takes_the_slot_of_the_one_that_was_killed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUSHES", "1")
    for _ in range(3):
        with place.start("waiting", "default", "1") as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            program.kill()

    batches = sorted(place.batches(), key=lambda batch: batch.recorded_at_ms)
    assert len(batches) == len({batch.recorded_at_ms for batch in batches}) == 3
    assert {label for batch in batches for label in batch.labels if "reason" not in label} == {own_labels(0, SERVER_ID)}
    assert [batch.previous_producer_id for batch in batches] == ["", *(batch.producer_id for batch in batches[:2])]
    assert [batch.previous_sequence for batch in batches] == [-1, 0, 0]


def test_a_second_process_has_a_series_of_its_own(place: Place) -> None:
    first, second = place.start("waiting", "default", "1"), place.start("waiting", "default", "2")
    with first, second:
        for program in (first, second):
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in (first, second):
            program.terminate()

    hits = last_values(place.batches(), "shop.hits")
    assert sorted(labels for _, labels in hits) == [own_labels(number, SERVER_ID) for number in range(2)]
    assert sum(hits.values()) == 3
