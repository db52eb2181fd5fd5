"""Why a rule did not fire: the value, how long it held, who else judges, and what keeps quiet."""

from typing import Any

import pytest
from pulsemon_schemas.rules import ServerProfile, parse_quiet, parse_rule
from pulsemon_schemas.series_history import SeriesKey
from pulsemon_stream_processors.replay.explanation import Standing, judging, quiet, standing

METRIC = "system.cpu.busy"
AT_MS = 1_780_000_000_000
WEB = ServerProfile("web-1", environment="production", is_registered=True)


def rule(rule_id: str = "busy", **more: Any) -> Any:
    body = {"metric": METRIC, "family": "busy", "levels": {"warning": {"limit": 0.9, "for_seconds": 60}}}
    return parse_rule(rule_id, body | more)


def after(values: list[float], **more: Any) -> Standing:
    samples = [(AT_MS + number * 10_000, value) for number, value in enumerate(values)]
    return standing(rule(**more), SeriesKey("web-1", ""), {}, samples)


def sentence(found: Standing) -> str:
    assert found.value is not None
    return found.levels[0].sentence(found.value, found.rule.operator)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.2, 0.72], "warning: 0.72 is not >= 0.9"),
        ([0.2, 0.95, 0.96, 0.97], "warning: 0.97 >= 0.9, but it held for 20 s of 60 s"),
        ([0.95] * 8, "warning: fires, 0.95 >= 0.9"),
    ],
)
def test_the_value_against_the_limit_and_how_long_it_held(values: list[float], expected: str) -> None:
    assert sentence(after(values)) == expected


def test_a_window_is_told_as_a_window() -> None:
    levels = {"warning": {"limit": 0.9}}
    full = after([0.5] * 20 + [1.0] * 5, window={"function": "avg", "seconds": 120}, levels=levels)
    assert full.samples > 5
    assert 0.5 < (full.value or 0) < 1.0
    few = after([0.95, 0.95, 0.95], window={"function": "avg", "seconds": 600}, levels=levels)
    assert "too few samples" in sentence(few)


def test_no_data_is_no_data() -> None:
    assert after([]).value is None
    found = after([0.5])
    assert found.has_data(AT_MS + 1000)
    assert not found.has_data(AT_MS + 600_000)


def test_rules_that_did_not_judge_say_why() -> None:
    rules = [
        rule(),
        rule("narrow", scope={"kind": "server", "value": "web-1"}),
        rule("off", enabled=False),
        rule("other", scope={"kind": "environment", "value": "staging"}),
        rule("labelled", match={"cpu": "0"}),
    ]
    judges, passed = judging(rules, WEB, METRIC, {})
    assert [one.id for one in judges] == ["narrow"]
    assert {one.rule.id: one.why for one in passed} == {
        "busy": "rule narrow is narrower",
        "off": "it was disabled",
        "other": "it is for environment staging",
        "labelled": "it wants other labels",
    }


def test_silences_that_cover_it_are_named() -> None:
    hours = [[AT_MS, AT_MS + 3_600_000]]
    ours = parse_quiet("silence", "ours", {"scope": {"kind": "server", "value": "web-1"}, "intervals": hours})
    others = parse_quiet("silence", "others", {"scope": {"kind": "server", "value": "db-1"}, "intervals": hours})
    assert quiet([ours, others], WEB, {}, "busy") == [ours]
