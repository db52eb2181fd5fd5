import logging
import threading
from collections.abc import Callable

import pytest
from pulsemon_producers import sender as sender_module
from pulsemon_producers.admission import Sample
from pulsemon_producers.batches import Sealer
from pulsemon_producers.drafts import Drafter
from pulsemon_producers.outbox import Outbox
from pulsemon_producers.sender import Sender
from pulsemon_producers.state_file import UNKNOWN, StateFile
from pulsemon_producers.tally import Tally
from pulsemon_schemas.errors import ContractError, PermanentError
from pulsemon_schemas.records import MetricBatch
from support.waiting import wait_until
from unit.producers.doubles import GroupLog, Log

TICK_MS = 10_000


class Line:
    """Outbox, sender and a log together."""

    def __init__(self, log: Log, max_samples: int = 100, now_ms: Callable[[], int] = lambda: 50_000) -> None:
        self.log = log
        self.tally = Tally()
        self.is_ready = threading.Event()
        self._drafter = Drafter()
        sealer = Sealer("web-1", "agent", StateFile(None), UNKNOWN, TICK_MS)
        self.outbox = Outbox(max_samples, self.tally, sealer)
        self.sender = Sender(self.outbox, log, self.tally, self.is_ready.set, lambda: now_ms() / 1000)

    def put(self, number: int, samples: int = 2) -> None:
        found = [Sample("a", f"n={label}", number) for label in range(samples)]
        for draft in self._drafter.drafts(number * TICK_MS, found)[0]:
            self.outbox.put(draft)


@pytest.fixture(autouse=True)
def short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "RETRY_SECONDS", 0.01)


def produced(batches: list[MetricBatch]) -> int:
    return sum(len(batch.values) for batch in batches)


def test_batches_arrive_in_order_and_the_first_makes_it_ready() -> None:
    line = Line(Log())
    assert not line.is_ready.is_set()
    for number in range(5):
        line.put(number)
    assert line.is_ready.wait(10)
    line.sender.close(10)

    assert [batch.sequence for batch in line.log.batches] == [0, 1, 2, 3, 4]
    assert [batch.recorded_at_ms for batch in line.log.batches] == [0, 10_000, 20_000, 30_000, 40_000]
    assert line.tally.totals().delivered == 10
    assert line.tally.totals().latency_seconds == 10.0


def test_while_the_log_is_away_the_oldest_go_without_a_hole_and_all_are_accounted_for() -> None:
    log = Log()
    log.is_away = True
    line = Line(log, max_samples=6)
    line.put(0)
    wait_until(lambda: log.offered, what="the first batch to be taken")
    for number in range(1, 10):
        line.put(number)
    assert line.outbox.fill().samples == 8, "the one that is offered, and six samples that wait"
    log.is_away = False
    line.sender.close(10)

    assert [batch.recorded_at_ms // TICK_MS for batch in log.batches] == [0, 7, 8, 9]
    assert [batch.sequence for batch in log.batches] == [0, 1, 2, 3]
    assert [batch.dropped for batch in log.batches] == [{}, {"queue_full": 12}, {}, {}]
    totals = line.tally.totals()
    assert totals.delivered + sum(totals.dropped.values()) == 20
    assert totals.delivered == produced(log.batches)


def backlog_of(log: GroupLog, count: int) -> Line:
    """The log is away while so many are put; the sender has offered the first."""
    log.is_away = True
    line = Line(log, max_samples=1000)
    line.put(0)
    wait_until(lambda: log.offered, what="the first batch to be taken")
    for number in range(1, count):
        line.put(number)
    return line


def test_what_waited_goes_together_once_the_first_was_taken() -> None:
    log = GroupLog(limit=20)
    line = backlog_of(log, 100)
    log.is_away = False
    line.sender.close(10)

    assert [batch.sequence for batch in log.batches] == list(range(100))
    assert log.groups == [list(range(at, min(at + 20, 100))) for at in range(1, 100, 20)]
    assert line.tally.totals().delivered == 200


def test_one_of_a_group_that_is_refused_keeps_its_place_and_the_others_arrive() -> None:
    log = GroupLog()
    log.refuses_sequence = 7
    line = backlog_of(log, 12)
    log.is_away = False
    line.sender.close(10)

    arrived = {batch.sequence: batch for batch in log.batches}
    assert len(log.batches) == len(arrived) == 12
    assert [arrived[7].values, arrived[7].dropped] == [(), {"too_large": 2}]
    totals = line.tally.totals()
    assert (totals.delivered, totals.dropped["too_large"]) == (22, 2)


def test_a_group_that_is_cut_short_goes_on_behind_what_arrived_with_one_batch_first() -> None:
    class Failing(GroupLog):
        def publish(self, batch: MetricBatch) -> bool:
            self.is_away = batch.sequence == 5 and len(self.groups) == 1 and self.offered[-1].sequence == 4
            return super().publish(batch)

    log = Failing()
    line = backlog_of(log, 10)
    log.is_away = False
    line.sender.close(10)

    assert [batch.sequence for batch in log.batches] == list(range(10))
    assert log.groups == [list(range(1, 10)), list(range(6, 10))]
    assert line.outbox.fill().samples == 0


def test_a_batch_that_waited_says_when_it_was_really_sent() -> None:
    clock = [50_000]
    log = Log()
    log.is_away = True
    line = Line(log, now_ms=lambda: clock[0])
    line.put(0)
    wait_until(lambda: log.offered, what="a first offer")
    clock[0] = 350_000
    wait_until(lambda: log.offered[-1].sent_at_ms == 350_000, what="an offer with the new time")
    log.is_away = False
    line.sender.close(10)

    assert {(batch.sequence, batch.recorded_at_ms) for batch in log.offered} == {(0, 0)}
    assert log.batches[0].sent_at_ms == 350_000


def test_a_batch_that_is_refused_for_ever_leaves_its_place_and_its_count() -> None:
    log = Log()
    log.refuses_sequence = 1
    line = Line(log)
    for number in range(3):
        line.put(number)
    line.sender.close(10)

    assert [(batch.sequence, len(batch.values), batch.dropped) for batch in log.batches] == [
        (0, 2, {}),
        (1, 0, {"too_large": 2}),
        (2, 2, {}),
    ]
    assert line.tally.totals().dropped["too_large"] == 2


def test_a_batch_that_is_refused_even_without_samples_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Strict(Log):
        def publish(self, batch: MetricBatch) -> bool:
            if batch.sequence == 1:
                raise ContractError("too_new", "the clock of the host is wrong")
            return super().publish(batch)

    line = Line(Strict())
    for number in range(3):
        line.put(number)
    line.sender.close(10)

    assert [batch.sequence for batch in line.log.batches] == [0, 2]
    assert "Its place in the sequence stays empty" in caplog.text
    assert line.tally.totals().dropped["invalid"] == 2


def test_closing_gives_up_at_its_deadline_and_says_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    log = Log()
    log.is_away = True
    line = Line(log)
    line.put(0)
    line.put(1)

    line.sender.close(0.05)

    assert log.is_interrupted.is_set()
    assert "Stopped with 4 samples" in caplog.text
    assert "They are lost" in caplog.text


def test_a_fault_of_the_thread_is_raised_where_it_is_seen() -> None:
    class Broken(Log):
        def publish(self, batch: MetricBatch) -> bool:
            raise RuntimeError("no memory")

    line = Line(Broken())
    line.sender.check()
    line.put(0)

    def fault() -> str:
        try:
            line.sender.check()
        except PermanentError as error:
            return str(error)
        return ""

    assert "no memory" in wait_until(fault, what="the fault")


def test_a_draft_larger_than_the_outbox_is_dropped_alone() -> None:
    line = Line(Log(), max_samples=5)
    line.put(0, samples=6)
    line.put(1, samples=5)
    line.sender.close(10)

    assert [(batch.recorded_at_ms, batch.dropped) for batch in line.log.batches] == [(10_000, {"queue_full": 6})]
