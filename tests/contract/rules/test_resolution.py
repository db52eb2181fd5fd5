"""Which rule judges: the narrowest scope, then the lower id. And quiet periods, commands and the status."""

import pytest
from pulsemon_schemas.rules import RuleError, effective, parse_command, parse_profile, parse_quiet, parse_rule, ties
from pulsemon_schemas.rules.resolve import by_rank, effective_absence
from pulsemon_schemas.rules.rule import Rule
from pulsemon_schemas.rules.status import STATUSES, status_of

WEB = parse_profile("web-1", {"environment": "production", "region": "eu", "role": "web", "labels": {"team": "shop"}})
SCOPES = {
    "global": {"kind": "global"},
    "environment": {"kind": "environment", "value": "production"},
    "region": {"kind": "region", "value": "eu"},
    "role": {"kind": "role", "value": "web"},
    "labels": {"kind": "labels", "labels": {"team": "shop"}},
    "server": {"kind": "server", "value": "web-1"},
    "instance": {"kind": "instance", "value": "web-1", "labels": {"mountpoint": "/"}},
}
LABELS = {"device": "sda", "mountpoint": "/"}


def _rule(rule_id: str, scope: str = "global", **more: object) -> Rule:
    return parse_rule(rule_id, {"metric": "m", "levels": {"info": {"limit": 1}}, "scope": SCOPES[scope], **more})


def _winner(*rules: Rule) -> str:
    return effective(by_rank(rules), WEB, "m", LABELS)["m"].id


def test_each_scope_wins_against_all_wider_ones() -> None:
    rules = [_rule(f"{9 - rank}_{scope}", scope) for rank, scope in enumerate(SCOPES)]
    for count in range(1, len(rules) + 1):
        assert _winner(*rules[:count]) == rules[count - 1].id


def test_among_equals_the_lower_id_wins() -> None:
    assert _winner(_rule("b", "role"), _rule("a", "role"), _rule("0")) == "a"


def test_a_disabled_rule_is_not_there_and_one_without_levels_switches_off() -> None:
    assert _winner(_rule("a", "server", enabled=False), _rule("b")) == "b"
    assert _winner(_rule("a", "server", levels={}), _rule("b")) == "a"


def test_families_do_not_compete() -> None:
    found = effective(by_rank([_rule("a"), _rule("b", "server", family="other")]), WEB, "m", LABELS)
    assert {family: rule.id for family, rule in found.items()} == {"m": "a", "other": "b"}


def test_a_rule_is_for_the_series_that_match() -> None:
    rules = by_rank([_rule("a", match={"mountpoint": "/home"}), _rule("b", match={"mountpoint": "/"})])
    assert effective(rules, WEB, "m", LABELS)["m"].id == "b"
    assert effective(rules, WEB, "m", {}) == {}
    assert effective(rules, WEB, "n", LABELS) == {}


def test_ties_are_told() -> None:
    rules = [_rule("a"), _rule("b", "role"), _rule("c", match={"mountpoint": "/"})]
    assert ties(rules, _rule("z", match={"mountpoint": "/"})) == ("a", "c")
    assert ties(rules, _rule("b", "role")) == ()


def test_an_absence_is_judged_by_the_narrowest_rule() -> None:
    bodies = {"a": SCOPES["global"], "b": SCOPES["server"], "c": {"kind": "server", "value": "web-2"}}
    rules = [parse_rule(rule_id, {"kind": "absence", "scope": scope}) for rule_id, scope in bodies.items()]
    found = effective_absence(by_rank(rules), WEB)
    assert found is not None
    assert found.id == "b"


def test_a_silence_covers_a_scope_for_a_time() -> None:
    period = parse_quiet(
        "silence", "night", {"scope": SCOPES["role"], "intervals": [[10, 20], [30, 40]], "rule_id": "a"}
    )
    assert [period.holds_at(time_ms) for time_ms in (9, 10, 19, 20, 35)] == [False, True, True, False, True]
    assert period.covers(WEB, {}, "a", "info")
    assert not period.covers(WEB, {}, "b", "info")
    assert not period.covers(parse_profile("db-1", {}), {}, "a", "info")
    assert period.name == "silence/night"


@pytest.mark.parametrize("intervals", [[], [[20, 10]], [["a", 1]], [[1]], "x"])
def test_a_silence_needs_intervals(intervals: object) -> None:
    with pytest.raises(RuleError):
        parse_quiet("silence", "night", {"intervals": intervals})


def test_a_command_names_an_alert_and_what_to_do() -> None:
    command = parse_command("c1", {"alert_id": "x", "server_id": "web-1", "command": "acknowledge"}, "ada", 7)
    assert (command.command, command.author, command.control_offset) == ("acknowledge", "ada", 7)
    with pytest.raises(RuleError) as caught:
        parse_command("c1", {"command": "shout"}, "ada", 7)
    assert len(caught.value.problems) == 3


def test_statuses_hide_each_other_in_order() -> None:
    facts = {"retired": True, "maintenance": True, "silence": "down", "levels": ["critical", "warning"]}
    seen = [status_of(**facts, registered=True, seen=True)]  # type: ignore[arg-type]
    for change in ({"retired": False}, {"maintenance": False}, {"silence": "stale"}, {"silence": ""},
                   {"levels": ["info", "warning"]}, {"levels": ["info"]}):  # fmt: skip
        facts |= change
        seen.append(status_of(**facts, registered=True, seen=True))  # type: ignore[arg-type]
    seen.append(status_of(**facts, registered=True, seen=False))  # type: ignore[arg-type]
    assert tuple(seen) == STATUSES
