import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pulsemon import Client
from pulsemon_producers.client.transport import Memory
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch
from support.clients import Maker, dropped, of_batch, own_labels
from support.waiting import wait_until

FAST = 0.1


class Unreliable(Memory):
    """A transport that does what it is told: answers None, False or True, or refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[], bool | None] = lambda: True
        self.offered: list[MetricBatch | Event] = []
        self.is_closed = False

    def offer(self, record: MetricBatch | Event) -> None:
        self.offered.append(record)

    def outcome(self, wait_seconds: float) -> bool | None:
        answer = self.answer()
        if answer:
            super().offer(self.offered[-1])
        else:
            time.sleep(min(wait_seconds, 0.01))
        return answer

    def close(self) -> None:
        self.is_closed = True


def refuse() -> bool:
    raise ContractError("too_large", "for ever")


def is_running(client: Client) -> bool:
    return client._core.is_running


def test_nothing_runs_before_the_first_value(make: Maker) -> None:
    threads = len(threading.enumerate())
    client = make()
    client.counter("shop.a")
    client.gauge("shop.g").set("wrong")  # type: ignore[arg-type]  # on purpose
    assert not is_running(client)
    assert client.flush()
    client.count("shop.a")
    assert is_running(client)
    assert len(threading.enumerate()) == threads, "not one of those that an exit waits for"


def test_batches_are_numbered_in_step_with_the_clock(make: Maker) -> None:
    memory = Memory()
    client = make(memory, flush_interval_seconds=FAST, labels={"team": "shop"}, server_id="web-1")
    client.count("shop.a")
    wait_until(lambda: len(memory.batches) >= 4)
    batches = memory.batches[:4]

    assert [batch.sequence for batch in batches] == [0, 1, 2, 3]
    assert len({batch.producer_id for batch in batches}) == 1
    times = [batch.recorded_at_ms for batch in batches]
    assert all(at_ms % 100 == 0 for at_ms in times)
    assert times == sorted(set(times))
    assert {batch.server_id for batch in batches} == {"web-1"}
    assert {batch.source for batch in batches} == {"service"}
    assert batches[0].labels[-1] == own_labels(0, "web-1", team="shop")
    assert list(zip(batches[0].names, batches[0].labels, strict=True)) == sorted(
        set(zip(batches[0].names, batches[0].labels, strict=True))
    )


def test_what_is_not_taken_is_offered_again_with_a_new_sent_at(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_producers.client.worker.RETRY_SECONDS", 0.02)
    transport = Unreliable()
    answers = iter([False, None, False, True])
    transport.answer = lambda: next(answers, True)
    client = make(transport, flush_interval_seconds=300.0)
    client.count("shop.a")

    assert client.flush(10)
    sent = [record for record in transport.offered if isinstance(record, MetricBatch)]
    assert [batch.sequence for batch in sent] == [0, 0, 0]
    assert sent[0].sent_at_ms < sent[2].sent_at_ms
    assert sent[0].recorded_at_ms == sent[2].recorded_at_ms


def test_a_record_that_is_refused_for_ever_keeps_its_place_without_its_samples(make: Maker) -> None:
    transport = Unreliable()
    client = make(transport, flush_interval_seconds=300.0)
    client.count("shop.a")
    refused = iter([refuse])
    transport.answer = lambda: next(refused, lambda: True)()
    assert not client.flush(10), "its samples have not arrived"
    client.event("deploy", "x")
    assert client.flush(10)

    first, second = transport.batches
    assert (first.sequence, first.values, second.sequence) == (0, (), 1)
    assert second.dropped == {"too_large": len(transport.offered[0].values)}  # type: ignore[union-attr]  # a batch
    assert [event.kind for event in transport.events] == ["deploy"]


def test_an_event_that_is_not_taken_lets_batches_go_first(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_producers.client.worker.RETRY_SECONDS", 0.02)
    transport = Unreliable()
    transport.answer = lambda: isinstance(transport.offered[-1], MetricBatch)
    client = make(transport, flush_interval_seconds=FAST)
    client.event("deploy", "x")
    client.count("shop.a")
    wait_until(lambda: len(transport.batches) >= 3)
    assert not client.flush(0.05), "the event has not arrived"
    assert transport.events == []
    transport.answer = lambda: True
    assert client.flush(10)
    assert [event.kind for event in transport.events] == ["deploy"]
    assert dropped(client) == {}


def test_what_waits_is_bounded_and_what_goes_is_counted(make: Maker) -> None:
    transport = Unreliable()
    transport.answer = lambda: None
    client = make(transport, flush_interval_seconds=FAST, max_buffered_batches=3)
    counter = client.counter("shop.a")
    counter.add()
    wait_until(lambda: dropped(client).get("queue_full", 0) > 30)
    assert not client.flush(0.05)
    transport.answer = lambda: True
    counter.add()
    assert client.flush(10)

    assert len(transport.batches) >= 4
    assert [batch.sequence for batch in transport.batches] == list(range(len(transport.batches)))
    assert of_batch(transport.batches[-1])["shop.a"] == 2, "a total is right whatever was dropped"
    told = sum(batch.dropped.get("queue_full", 0) for batch in transport.batches)
    assert told == dropped(client)["queue_full"]


def test_bytes_are_bounded_too(make: Maker) -> None:
    transport = Unreliable()
    transport.answer = lambda: None
    client = make(transport, flush_interval_seconds=FAST, max_buffered_bytes=500)
    client.count("shop.a")
    wait_until(lambda: dropped(client).get("queue_full", 0) > 0)
    for _ in range(2000):
        client.event("note", "x")
    assert dropped(client)["queue_full"] > 900


def test_the_end_waits_no_longer_than_it_may_and_says_what_is_lost(make: Maker) -> None:
    transport = Unreliable()
    transport.answer = lambda: None
    client = make(transport, flush_interval_seconds=FAST)
    client.count("shop.a")
    begun = time.monotonic()
    assert not client.close(0.3)
    assert time.monotonic() - begun < 2
    assert transport.is_closed
    assert dropped(client)["undelivered"] > 0

    client.count("shop.a")
    client.set("shop.g", 1)
    client.event("note")
    with client.timer("shop.t"):
        pass
    assert dropped(client)["closed"] == 4
    assert client.close(0.3)
    assert client.flush(0.3)


@pytest.mark.parametrize("wrong", ["soon", None, float("nan"), object(), -1])
def test_a_time_that_is_none_does_not_fail_the_end_of_a_job(make: Maker, wrong: object) -> None:
    client = make()
    client.count("shop.a")
    # no time at all is a time: the thread that sends may be faster all the same
    assert client.flush(wrong) or wrong == -1  # type: ignore[arg-type]  # on purpose
    assert client.close(wrong) or wrong == -1  # type: ignore[arg-type]  # on purpose


def test_what_is_lost_at_the_end_is_not_said_to_be_counted(make: Maker, caplog: pytest.LogCaptureFixture) -> None:
    transport = Unreliable()
    transport.answer = lambda: None
    client = make(transport)
    client.count("shop.a")
    assert not client.close(0.05)
    assert "That is lost" in caplog.text
    assert "is counted in" not in caplog.text


def test_the_client_tells_of_itself_what_the_catalogue_promises(make: Maker) -> None:
    from pulsemon_producers.client.drops import DROP_REASONS
    from pulsemon_schemas.catalogue import METRICS

    memory = Memory()
    client = make(memory)
    client.count("shop.a", -1)
    client.count("shop.a")
    assert client.flush()
    assert client.flush()
    batch = memory.batches[-1]
    told = {name for name in batch.names if name.startswith("pulsemon.")}

    promised = {metric.name: metric for metric in METRICS if metric.group == "client"}
    assert told == set(promised)
    assert set(promised["pulsemon.client.dropped"].attributes["reason"]) == set(DROP_REASONS)
    assert memory.batches[0].dropped == {"invalid": 1}


def test_many_samples_become_several_batches_of_one_time(make: Maker) -> None:
    memory = Memory()
    client = make(memory, max_series=20_000, max_label_values=20_000, flush_interval_seconds=300.0)
    for number in range(12_000):
        client.count("shop.users", user=number)
    assert client.flush(20)

    assert len(memory.batches) > 2
    assert len({batch.recorded_at_ms for batch in memory.batches}) == 1
    assert sum(of_batch(batch).get("shop.users{user=7}", 0) for batch in memory.batches) == 1
    assert sum(len(batch.names) for batch in memory.batches) > 12_000


def test_a_source_gives_metrics_of_the_catalogue_and_may_fail(make: Maker) -> None:
    from pulsemon import Measured

    client = make()
    client.add_source(lambda: [Measured("process.memory.usage", 7.0, {"kind": "rss"})])
    client.add_source(lambda: [Measured("a", 1 / 0)])
    assert of_batch(client.snapshot()) == {"process.memory.usage{kind=rss}": 7}
    assert dropped(client) == {"invalid": 1}


def test_a_fault_in_the_thread_is_logged_and_the_thread_goes_on(
    make: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pulsemon_producers.client.worker.RETRY_SECONDS", 0.02)
    transport = Unreliable()
    faults = iter([ZeroDivisionError("x")])

    def answer() -> bool:
        for fault in faults:
            raise fault
        return True

    transport.answer = answer
    client = make(transport, flush_interval_seconds=FAST)
    client.count("shop.a")
    assert client.flush(10)
    assert "please report it" in caplog.text


def test_a_folder_that_cannot_be_used_is_told_and_the_client_goes_on(
    make: Maker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.touch()
    memory = Memory()
    client: Client = make(memory, runtime_folder=str(file))
    client.count("shop.a")
    assert client.flush()
    assert f"pid-{os.getpid()}" in memory.batches[0].labels[-1]
    assert "No slot file" in caplog.text
