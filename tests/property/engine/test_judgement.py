"""What holds for every alert: evidence, order of levels, scopes, Ticks, and that partitions do not matter."""

import json
import random
from dataclasses import fields
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.rules import LEVELS, parse_profile, parse_rule
from pulsemon_schemas.rules.resolve import by_rank, covers, effective
from pulsemon_schemas.rules.rule import ABSENCE, COMPOSITE, MISSING, THRESHOLD, Rule
from pulsemon_schemas.rules.scope import KINDS
from pulsemon_schemas.ticks import TICK_KEY, TICK_SERVER_ID, make_tick
from pulsemon_schemas.walker import walk
from pulsemon_stream_processors.engine import PartitionEngine, samples_behind, value_behind
from support.engine import (
    CONTROL_TOPIC_ID,
    SERVER,
    TICK_SECRET,
    TOPIC_ID,
    Log,
    alerts,
    apply_all,
    history,
    in_partition,
    place,
)
from support.engine_random import SCOPES, RandomLog, random_log, rule_body

SEEDS = st.integers(0, 2**32)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_nothing_resolves_without_evidence(seed: int) -> None:
    log = random_log(seed)
    control = history(log.control)
    for event in log.alerts():
        if event.state != "resolved" or event.actor:
            continue
        rule = control.rule(event.rule_version)
        if rule.no_data == "ok" and log.records[event.last_offset].key == TICK_KEY:
            assert "takes for calm" in event.reason
            continue
        if rule.kind in {ABSENCE, MISSING}:
            assert log.records[event.last_offset].key == event.server_id.encode()
            continue
        level = rule.level(event.level)
        assert level is not None
        assert event.value is not None
        assert rule.kind == COMPOSITE or rule.is_recovered(event.value, level)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_every_firing_value_crosses_its_limit_and_the_calm_value_would_not(seed: int) -> None:
    log = random_log(seed)
    control = history(log.control)
    for event in log.alerts():
        rule = control.rule(event.rule_version)
        if event.state != "firing" or event.previous_state not in {"", "pending"} or rule.kind != THRESHOLD:
            continue
        if log.records[event.last_offset].key == TICK_KEY:
            assert rule.no_data == "alert"
            continue
        assert event.value is not None
        assert event.limit is not None
        assert event.calm_value is not None
        assert rule.is_beyond(event.value, event.limit)
        assert not rule.is_beyond(event.calm_value, event.limit)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
@example(77_221)
def test_the_records_that_an_event_names_give_its_value_again(seed: int) -> None:
    log = random_log(seed)
    control = history(log.control)
    for event in log.alerts():
        rule = control.rule(event.rule_version)
        if rule.kind == THRESHOLD and not rule.window.guard and log.records[event.last_offset].key != TICK_KEY:
            assert value_behind(event, rule.window.is_counter, log.records, rule.window) == event.value
            assert 0 < event.sample_count <= len(samples_behind(event, log.records))


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_control_records_take_effect_at_ticks_only(seed: int) -> None:
    log = random_log(seed)
    in_force = -1
    engine = log.engine()
    for record in log.records:
        events = alerts(engine.apply(record))
        if record.key != TICK_KEY:
            assert engine.control_offset == in_force
        in_force = engine.control_offset
        assert all(event.rule_version <= event.control_offset == in_force for event in events)


def _levels(log: Log) -> list[int]:
    """The worst level that holds after each record, 0 for none."""
    engine = log.engine()
    held: dict[str, int] = {}
    found = []
    for record in log.records:
        for event in alerts(engine.apply(record)):
            holds = event.state in {"firing", "acknowledged", "unknown"}
            held[event.alert_id] = LEVELS.index(event.level) + 1 if holds else 0
        found.append(max(held.values(), default=0))
    return found


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from(["m.avg", "m.last", "m.max", "m.min", "m.count"]))
def test_a_worse_value_never_gives_a_better_level(seed: int, metric: str) -> None:
    chance = random.Random(seed)
    body = {**rule_body(chance, metric), "scope": {"kind": "global"}, "enabled": True, "flapping": False}
    calm, worse = Log(), Log()
    for log in (calm, worse):
        log.configure("rule/r", body)
        log.tick()
    for _ in range(120):
        wait = chance.choice((10, 10, 10, 10, 20, 60, 200))
        late = chance.random() < 0.1
        value = chance.choice((0.0, 4.0, 7.0, 8.0, 10.0, 12.0))
        more = value + chance.choice((0.0, 0.0, 1.0, 5.0))
        for log, one in ((calm, value), (worse, more)):
            log.wait(wait)
            log.tick()
            log.batch({metric: one}, recorded_at_ms=log.now_ms - (5000 if late else 0))
    assert all(bad >= good for good, bad in zip(_levels(calm), _levels(worse), strict=True))


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_most_specific_scope_wins(seed: int) -> None:
    chance = random.Random(seed)
    rules = [parse_rule(f"r{number}", rule_body(chance, "m.last")) for number in range(chance.randrange(1, 8))]
    server = parse_profile("web-1", {"environment": "production", "role": "web", "labels": {"team": "shop"}})
    labels = {"disk": chance.choice("ab")}
    winner = effective(by_rank(rules), server, "m.last", labels).get("m.last")
    candidates = [rule for rule in rules if covers(rule, server, "m.last", labels)]
    assert (winner is None) == (not candidates)
    for rule in candidates:
        assert winner is not None
        assert (KINDS.index(winner.scope.kind), rule.id) >= (KINDS.index(rule.scope.kind), winner.id)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_engine_judges_by_the_rule_that_wins(seed: int) -> None:
    chance = random.Random(seed)
    log = Log()
    rules: list[Rule] = []
    for number in range(6):
        body = {**rule_body(chance, "m.last"), "levels": {"info": {"limit": 1}}, "scope": chance.choice(SCOPES)}
        rules.append(parse_rule(f"r{number}", body))
        log.configure(f"rule/r{number}", body)
    profile = {"environment": "production", "role": chance.choice(("web", "db")), "labels": {"team": "shop"}}
    log.configure(f"server/{SERVER}", profile)
    log.run({"m.last|disk=a": 5, "m.last|disk=b": 5}, 10)
    expected = {
        (f"disk={disk}", rule.id)
        for disk in "ab"
        for rule in effective(by_rank(rules), parse_profile(SERVER, profile), "m.last", {"disk": disk}).values()
    }
    assert {(event.labels, event.rule_id) for event in log.alerts()} == expected


PLACE_FIELDS = {"partition", "first_offset", "last_offset"}


def _facts(events: list[AlertEvent]) -> list[dict[str, Any]]:
    """Events by server and in order, without where their records lie."""
    ordered = sorted(events, key=lambda event: event.server_id)
    names = [one.name for one in fields(AlertEvent) if one.name not in PLACE_FIELDS]
    return [{name: getattr(event, name) for name in names} for event in ordered]


def _in_partitions(log: Log, count: int) -> list[AlertEvent]:
    """The same log with its servers spread over partitions, the same Ticks in each."""
    events = []
    for partition in range(count):
        engine = PartitionEngine(place(partition, count), history(log.control, count))
        records: list[LogRecord] = []
        for record in log.records:
            if record.key == TICK_KEY:
                value = _moved_tick(record, partition)
            elif in_partition(record, count) == partition:
                value = record.value
            else:
                continue
            records.append(record._replace(partition=partition, offset=len(records), value=value))
        events += alerts(apply_all(engine, records))
    return events


def _moved_tick(record: LogRecord, partition: int) -> bytes:
    head = walk(record.value)
    assert head.server_id == TICK_SERVER_ID
    tick = make_tick(
        TICK_SECRET,
        partition=partition,
        topic_id=TOPIC_ID,
        control_topic_id=CONTROL_TOPIC_ID,
        control_offset=int(head.values()[0]),
        producer_id=head.producer_id,
        sequence=head.sequence,
        now_ms=head.recorded_at_ms,
    )
    return codec.encode(tick)


class CalmLog(RandomLog):
    """Without long pauses, forged Ticks and other control topics: the Ticks are the clock that partitions share."""

    def hole(self) -> None:
        self.tick()

    def garbage(self) -> None:
        self.tick()

    def tick(self) -> None:
        self.log.tick()


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 5))
def test_moving_servers_among_partitions_changes_nothing(seed: int, count: int) -> None:
    source = CalmLog(seed)
    for _ in range(60):
        for _ in range(source.random.choice((1, 2, 4))):
            source.log.wait(5)
            source.log.tick()
        source.random.choice((source.round, source.round, source.round, source.late, source.again, source.restart,
                              source.quiet, lambda: source.rule("m.last"), lambda: source.server("web-1"),
                              source.silence))()  # fmt: skip
    whole = _facts(source.log.alerts())
    assert _facts(_in_partitions(source.log, count)) == whole


def test_events_are_json_and_avro_of_the_contract() -> None:
    for output in random_log(7, 120).outputs():
        if output.value is not None and output.topic == "pulsemon.fleet-events":
            assert json.loads(output.value)["partition"] == 0
        elif output.value is not None and output.topic != "pulsemon.deadletter":
            codec.decode(output.value)
