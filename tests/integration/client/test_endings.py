"""However a process ends, what it counted arrives; and the next one takes its place."""

import signal
from contextlib import ExitStack

import pytest
from support.clients import own_labels
from support.embedded_clients import SERVER_ID, Place, last_values

pytestmark = pytest.mark.kafka

COUNT = 12_345


WAYS = {"default": (-signal.SIGTERM, ""), "handler": (3, "handled\n"), "asyncio": (0, "")}
"""How a service handles SIGTERM, with the code that it ends with and what it says."""


def test_sigterm_flushes_and_does_what_it_did_before_and_each_process_has_series_of_its_own(place: Place) -> None:
    with ExitStack() as running:
        programs = {way: running.enter_context(place.start("waiting", way, str(COUNT))) for way in WAYS}
        for program in programs.values():
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            program.send_signal(signal.SIGTERM)
        for way, program in programs.items():
            output, errors = program.communicate(timeout=30)
            assert (program.returncode, output, errors) == (*WAYS[way], ""), way

    hits = last_values(place.batches(), "shop.hits")
    assert sorted(labels for _, labels in hits) == [own_labels(number, SERVER_ID) for number in range(3)]
    assert list(hits.values()) == [COUNT] * 3
    events = place.events()
    assert {(event.kind, event.text) for event in events} == {("deploy", "Version 4.2")}
    assert sorted(event.labels for event in events) == [
        own_labels(number, SERVER_ID, version="4.2") for number in range(3)
    ]


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
