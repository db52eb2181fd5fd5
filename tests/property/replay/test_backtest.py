"""A backtest, which judges only where a limit can be crossed, says what the whole engine says of all samples."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import parse_rule
from pulsemon_schemas.series_history import SeriesKey
from pulsemon_stream_processors.replay.backtest import Backtest, JudgedSeries
from support.engine import SERVER, Log
from support.series_memory import SeriesMemory

METRIC = "test.value"
START_MS = 1_780_000_020_000 // 3_600_000 * 3_600_000
HOURS = 5
Samples = Sequence[tuple[int, float]]
Body = dict[str, Any]
Bodies = dict[str, Body]

levels = st.fixed_dictionaries(
    {"limit": st.sampled_from([0.6, 0.8, 0.9])},
    optional={
        "for_seconds": st.sampled_from([20.0, 90.0, 600.0]),
        "recovery": st.sampled_from([0.3, 0.55]),
        "keep_firing_seconds": st.sampled_from([30.0, 400.0]),
    },
)
windows = st.sampled_from(
    [("last", 0.0)] * 3
    + [(name, seconds) for name in ("avg", "max", "min", "p95", "count", "delta") for seconds in (60.0, 600.0)]
)


@st.composite
def rules(draw: st.DrawFn) -> Body:
    function, seconds = draw(windows)
    body: Body = {"metric": METRIC, "levels": {"warning": draw(levels)}}
    if seconds:
        body["window"] = {"function": function, "seconds": seconds}
    if draw(st.booleans()):
        body["levels"]["critical"] = {**draw(levels), "limit": 0.95}
    if draw(st.booleans()):
        body["operator"] = ">"
    return body


def series(seed: int) -> Samples:
    """A calm series with a few crises, holes, and sometimes another step from some time on."""
    chance = random.Random(seed)
    step_ms = chance.choice([10_000, 10_000, 30_000, 60_000])
    crises = [
        (chance.randrange(HOURS * 3600), chance.choice([5, 60, 400, 3000])) for _ in range(chance.randrange(1, 4))
    ]
    holes = [(chance.randrange(HOURS * 3600), chance.choice([25, 45, 400, 4000])) for _ in range(chance.randrange(4))]
    changes_at = chance.choice([None, None, chance.randrange(HOURS * 3600)])
    found = []
    at_ms = START_MS
    while at_ms < START_MS + HOURS * 3_600_000:
        second = (at_ms - START_MS) // 1000
        is_ill = any(begin <= second < begin + length for begin, length in crises)
        if not any(begin <= second < begin + length for begin, length in holes):
            found.append((at_ms, chance.uniform(0.5, 1.0) if is_ill else chance.uniform(0.0, 0.5)))
        at_ms += step_ms * (3 if changes_at is not None and second >= changes_at else 1)
    return found


def whole(bodies: Bodies, samples: Samples) -> list[AlertEvent]:
    """What the engine of a partition says of all of them, with a Tick every five seconds."""
    log = Log(START_MS)
    for rule_id, body in bodies.items():
        log.configure(f"rule/{rule_id}", body)
    metrics = [body["metric"] for body in bodies.values()]
    by_time = dict(samples)
    last_ms = max(max(by_time, default=0), START_MS + HOURS * 3_600_000 - 5_000)
    for at_ms in range(START_MS, last_ms + 1, 5_000):
        log.now_ms = at_ms
        log.tick()
        log.batch(dict.fromkeys(metrics, by_time[at_ms]) if at_ms in by_time else {"test.other": 1.0})
    return [event for event in log.alerts() if event.rule_id in bodies]


def backtest(rule_id: str, body: Body, samples: Samples) -> tuple[list[AlertEvent], int]:
    memory = SeriesMemory({SeriesKey(SERVER, ""): samples})
    judged = JudgedSeries(parse_rule(rule_id, body))
    outcome = Backtest(memory).run(judged, START_MS, START_MS + HOURS * 3_600_000)
    assert outcome.series == 1
    return list(outcome.events), memory.asked


def told(event: AlertEvent) -> AlertEvent:
    """Without what names places in a log that a backtest has not."""
    return replace(
        event, event_id="", alert_id="", rule_version=0, rule_author="", topic_id="", partition=0, first_offset=0,
        last_offset=0, control_offset=0,
    )  # fmt: skip


@settings(max_examples=2, deadline=None)
@given(drawn=st.lists(rules(), min_size=15, max_size=15), seed=st.integers(0, 10_000))
def test_a_backtest_says_what_the_whole_engine_says(drawn: list[Body], seed: int) -> None:
    # each of its own metric, or the worst of them would inhibit the others
    bodies = {f"rule-{at}": {**body, "metric": f"{METRIC}.{at}"} for at, body in enumerate(drawn)}
    samples = series(seed)
    expected = whole(bodies, samples)
    for rule_id, body in bodies.items():
        events, _ = backtest(rule_id, body, samples)
        assert [told(one) for one in events] == [told(one) for one in expected if one.rule_id == rule_id], body


def test_only_a_part_of_the_samples_is_looked_at() -> None:
    samples = [(START_MS + at * 10_000, 0.99 if 1500 < at < 1520 else 0.1) for at in range(HOURS * 360)]
    body = {"metric": METRIC, "levels": {"critical": {"limit": 0.9, "for_seconds": 60}}}
    events, asked = backtest("own", body, samples)
    assert [event.state for event in events] == ["pending", "firing", "resolved"]
    assert 0 < asked < len(samples) / 3
