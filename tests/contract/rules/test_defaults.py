"""The default rules: valid, about metrics of the catalogue, and what the thresholds' page says."""

import json

import pytest
from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.control import Fold
from pulsemon_schemas.rules import default_records, default_rules, parse_rule, rule_body
from pulsemon_schemas.rules.rule import THRESHOLD, Rule

RULES = {rule.id: rule for rule in default_rules()}


def test_they_cover_what_is_collected() -> None:
    assert list(RULES) == [
        "cpu_busy", "cpu_iowait", "cpu_steal", "load", "mem_available", "oom_kill", "major_faults", "fs_space",
        "fs_inodes", "processor_lag", "sink_lag", "dead_letters", "rule_errors", "server_down", "fleet_silent",
    ]  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_each_is_about_a_metric_and_labels_of_the_catalogue(rule: Rule) -> None:
    if rule.kind != THRESHOLD:
        return
    attributes = metric(rule.metric).attributes
    for key, value in rule.match.items():
        assert value in attributes[key]


def test_a_server_is_stale_after_30_and_down_after_90_seconds() -> None:
    rule = RULES["server_down"]
    assert rule.stale_seconds == 30
    assert [(level.name, level.limit) for level in rule.levels] == [("warning", 90), ("critical", 300)]


def test_an_environment_is_silent_when_more_than_half_of_it_is() -> None:
    rule = RULES["fleet_silent"]
    (level,) = rule.levels
    assert (level.name, level.limit, level.for_seconds, level.recovery) == ("critical", 0.5, 60, 0.2)
    assert (rule.operator, rule.min_servers) == (">", 3)


@pytest.mark.parametrize("name", ["processor_lag", "sink_lag"])
def test_who_is_behind_the_log_for_two_minutes_is_told_of(name: str) -> None:
    found = {level.name: (level.limit, level.recovery, level.for_seconds) for level in RULES[name].levels}
    assert found == {"warning": (30, 10, 120), "critical": (120, 60, 120)}


@pytest.mark.parametrize("name", ["dead_letters", "rule_errors"])
def test_a_refused_record_and_a_failing_rule_are_told_of_at_once_and_for_half_an_hour(name: str) -> None:
    rule = RULES[name]
    assert (rule.window.function, rule.window.seconds, rule.window.is_counter) == ("delta", 600, True)
    assert [(level.limit, level.for_seconds, level.keep_firing_seconds) for level in rule.levels] == [
        (1, 0, 1800),
        (100, 0, 1800),
    ]


def test_what_counts_is_known_from_the_catalogue() -> None:
    assert RULES["major_faults"].window.is_counter
    assert not RULES["cpu_busy"].window.is_counter


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_body_says_the_same_rule_again(rule: Rule) -> None:
    assert parse_rule(rule.id, json.loads(json.dumps(rule_body(rule)))) == rule


def test_their_records_are_put_once() -> None:
    fold = Fold()
    first = [fold.apply(offset, record) for offset, record in enumerate(default_records())]
    again = [fold.apply(100 + offset, record) for offset, record in enumerate(default_records())]
    assert all(not verdict.void for verdict in first)
    assert all(verdict.void for verdict in again)
    assert set(fold.entities("rule")) == set(RULES)
