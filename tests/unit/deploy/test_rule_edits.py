"""From what is said on the command line to the body of a rule."""

from pathlib import Path

import pytest
from pulsemon_deploy.rule_edits import Edits, edited, read_body
from pulsemon_schemas.rules import RuleError, parse_rule, rule_body

BODY = {"metric": "system.cpu.busy", "levels": {"warning": {"limit": 0.8, "for_seconds": 60}, "info": {"limit": 0.5}}}


def test_what_is_said_replaces_what_was_and_all_else_stays() -> None:
    made = edited(
        BODY,
        Edits(
            {"operator": ">"},
            window="avg:300",
            levels={"limit": ("warning=0.9", "critical=0.95"), "recovery": ("critical=0.9",)},
            without_levels=("info",),
        ),
    )
    assert made == {
        "metric": "system.cpu.busy",
        "operator": ">",
        "window": {"function": "avg", "seconds": 300.0},
        "levels": {"warning": {"limit": 0.9, "for_seconds": 60}, "critical": {"limit": 0.95, "recovery": 0.9}},
    }
    assert BODY["levels"] == {"warning": {"limit": 0.8, "for_seconds": 60}, "info": {"limit": 0.5}}, "not touched"


def test_a_rule_edited_with_nothing_is_the_same_rule() -> None:
    rule = parse_rule("a", BODY)
    assert parse_rule("a", edited(rule_body(rule), Edits({}))) == rule


@pytest.mark.parametrize(
    ("scope", "labels", "expected"),
    [
        ("global", (), {"kind": "global"}),
        ("environment=production", (), {"kind": "environment", "value": "production"}),
        ("labels", ("rack=7",), {"kind": "labels", "labels": {"rack": "7"}}),
        ("instance=db-1", ("mountpoint=/",), {"kind": "instance", "value": "db-1", "labels": {"mountpoint": "/"}}),
    ],
)
def test_scopes(scope: str, labels: tuple[str, ...], expected: object) -> None:
    assert edited({}, Edits({}, scope=scope, scope_labels=labels)) == {"scope": expected}


def test_all_that_cannot_be_understood_is_told_at_once() -> None:
    edits = Edits(
        {},
        window="avg:soon",
        match=("nothing",),
        scope_labels=("rack=7",),
        levels={"limit": ("fatal=1", "critical=much"), "for_seconds": ("warning",)},
    )
    with pytest.raises(RuleError) as caught:
        edited(BODY, edits)
    assert sorted(caught.value.problems) == [
        "'fatal' is no level: use info, warning, critical",
        "--for 'warning': write NAME=VALUE",
        "--match 'nothing': write NAME=VALUE",
        "--scope-label needs --scope: say whose labels are meant",
        "--window: 'soon' is no number",
        "limit of critical: 'much' is no number",
    ]


def test_files_are_toml_or_json(tmp_path: Path) -> None:
    toml, json = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text('metric = "system.cpu.busy"\n[levels.warning]\nlimit = 0.8\n')
    json.write_text('{"metric": "system.cpu.busy", "levels": {"warning": {"limit": 0.8}}}')
    assert read_body(toml) == read_body(json)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "= 3", "is not TOML"),
        ("a.json", "{", "is not JSON"),
        ("a.json", "[]", "holds no object"),
        ("a.json", None, "cannot be read"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(RuleError, match=message):
        read_body(path)
