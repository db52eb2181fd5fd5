"""What a role tells of itself is a valid batch of a service, once an interval."""

from collections.abc import Callable
from itertools import pairwise

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.own_metrics import Addressed, OwnMetrics, Sample, sample
from pulsemon_schemas.topics import METRICS
from pulsemon_schemas.validity import check

NOW_MS = 1_780_000_003_210
INTERVAL_MS = 10_000
SAMPLES = [sample("own.b", 2, topic="t"), sample("own.a", 1.5)]


def head(one: Addressed, append_time_ms: int = NOW_MS + 60_000) -> BatchHead:
    return check(LogRecord(METRICS.name, partition_for(one.key, 4), 0, append_time_ms, one.key, one.value), 4)


def run(own: OwnMetrics, seconds: int, collect: Callable[[], list[Sample]] = lambda: SAMPLES) -> None:
    for second in range(seconds):
        own.step(NOW_MS + second * 1000, collect)


def take(sent: list[Addressed]) -> Callable[[Addressed], bool]:
    def send(one: Addressed) -> bool:
        sent.append(one)
        return True

    return send


def test_a_batch_is_valid_and_of_a_service_of_this_host() -> None:
    sent: list[Addressed] = []
    run(OwnMetrics("web-1", "sink", 10.0, take(sent), "producer"), 12)
    (one,) = sent
    found = head(one)
    assert (found.server_id, found.source, found.producer_id, found.sample_count) == ("web-1", "service", "producer", 2)
    assert found.recorded_at_ms <= found.sent_at_ms < found.recorded_at_ms + 1000


def test_one_batch_an_interval_and_a_number_only_for_what_was_taken() -> None:
    sent: list[Addressed] = []
    is_full = True

    def send(one: Addressed) -> bool:
        if not is_full:
            sent.append(one)
        return not is_full

    own = OwnMetrics("web-1", "sink", 10.0, send)
    run(own, 12)
    is_full = False
    run(own, 45)
    heads = [head(one) for one in sent]
    assert [one.sequence for one in heads] == list(range(len(heads)))
    assert len(heads) == 3
    assert {b.recorded_at_ms - a.recorded_at_ms for a, b in pairwise(heads)} == {INTERVAL_MS}


def test_a_role_started_again_never_repeats_a_time() -> None:
    sent: list[Addressed] = []
    for start in range(0, 30, 3):
        own = OwnMetrics("web-1", "sink", 10.0, take(sent))
        for second in range(start, start + 3):
            own.step(NOW_MS + second * 1000, lambda: SAMPLES)
    times = [head(one).recorded_at_ms for one in sent]
    assert len(times) == len(set(times))
    assert times == sorted(times)


def test_roles_of_one_host_speak_at_moments_of_their_own() -> None:
    times: set[int] = set()
    for role in ("sink", "ui", "simulator", "pulsemon-processor"):
        sent: list[Addressed] = []
        run(OwnMetrics("web-1", role, 10.0, take(sent)), 12)
        times.add(head(sent[0]).recorded_at_ms % INTERVAL_MS)
    assert len(times) == 4


def test_what_there_is_to_tell_is_only_asked_for_when_it_is_due() -> None:
    asked: list[int] = []

    def collect() -> list[Sample]:
        asked.append(1)
        return []

    own = OwnMetrics("web-1", "sink", 10.0, lambda _: False)
    run(own, 45, collect)
    assert len(asked) == 4, "a batch without samples is none"
    run(OwnMetrics("web-1", "sink", 0.0, lambda _: False), 45, collect)
    assert len(asked) == 4, "an interval of nothing is never over"
