"""What `pulsemon rule` can say without anything running."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pulsemon_deploy.alert_records import missing_of
from pulsemon_schemas.rules import default_rules
from pulsemon_schemas.rules.defaults import GROUPS
from pulsemon_sinks.reader.behind import Span
from support.command_line import invoke


def test_default_rules_need_nothing_that_runs() -> None:
    rows = json.loads(invoke("rule", "list", "--defaults", "--json").output)
    assert [row["id"] for row in rows] == [rule.id for rule in default_rules()]
    by_id = {row["id"]: row for row in rows}
    assert by_id["cpu_steal"]["judges"] == "system.cpu.utilization{cpu.mode=steal}"
    assert by_id["server_down"]["levels"] == "warning silent 90 s, critical silent 300 s"
    assert {row["role"] for row in rows} == {None, "ci", "batch", "database", "gateway", "desktop"}
    assert (by_id["load.ci"]["group"], by_id["load.ci"]["scope"]) == ("cpu", "role=ci")
    assert by_id["load.ci"]["runbook"] == by_id["load"]["runbook"] == "docs/runbooks.md#load"


def test_default_rules_are_listed_by_groups_and_say_who_is_not_judged() -> None:
    lines = invoke("rule", "list", "--defaults").output.splitlines()
    groups = [line.split()[0] for line in lines[1 : lines.index("")]]
    assert list(dict.fromkeys(groups)) == list(GROUPS)
    assert len([group for group, _ in itertools.groupby(groups)]) == len(GROUPS)
    assert len(groups) == len([rule for rule in default_rules() if rule.levels])
    assert lines[-1].startswith("servers of the role desktop are not judged by: cpu_busy, cpu_saturated, ")


def test_default_rules_are_listed_by_a_program_that_needs_no_home_and_no_stack(tmp_path: Path) -> None:
    code = (
        "import sys; from pulsemon_deploy.cli.root import root\n"
        "try: root(['rule', 'list', '--defaults', '--json'])\n"
        "finally: print(sorted({'clickhouse_driver', 'faust'} & set(sys.modules)), file=sys.stderr)"
    )
    home = {"PULSEMON_LOCAL_HOME": str(tmp_path / "none"), "PATH": "/nowhere", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == len(default_rules())
    assert not (tmp_path / "none").exists()
    assert done.stderr == "[]\n"


def test_a_file_is_judged_without_anything_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    path.write_text('metric = "system.cpu.busy"\n[levels.critical]\nlimit = 0.9\n')
    result = invoke("rule", "set", "mine", "--file", str(path), "--dry-run", "--limit", "warning=0.8", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["levels"] == {"warning": {"limit": 0.8}, "critical": {"limit": 0.9}}


def test_all_that_is_wrong_with_a_rule_is_told_at_once_and_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text('{"metrik": "x", "operator": "=", "levels": {"warning": {}}}')
    result = invoke("rule", "set", "mine", "--file", str(path), "--dry-run")
    assert result.exit_code == 2
    for problem in ("metric: is missing", "operator: must be one of", "levels.warning.limit: is missing", "metrik"):
        assert problem in result.stderr
    assert result.stderr.endswith("Nothing was written.\n")


def test_what_cannot_be_understood_is_told_as_what_was_said_and_not_as_settings(tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text('{"metric": "system.cpu.busy", "levels": {"warning": {"limit": 0.8}}}')
    result = invoke("rule", "set", "mine", "--file", str(path), "--dry-run", "--limit", "fatal=1")
    assert result.exit_code == 2
    assert result.stderr == (
        "pulsemon: what was said cannot be used:\n"
        "  - 'fatal' is no level: use info, warning, critical\n"
        "Nothing was written.\n"
    )
    missing = invoke("rule", "set", "mine", "--file", str(tmp_path / "no.json"), "--dry-run")
    assert missing.exit_code == 2
    assert "no.json cannot be used:\n  - cannot be read: No such file" in missing.stderr


def test_nothing_said_is_wrong_usage() -> None:
    result = invoke("rule", "set", "mine")
    assert result.exit_code == 2
    assert "say what to set" in result.stderr


@pytest.mark.parametrize(
    ("log_start", "expected"),
    [
        (0, ""),
        (10, ""),
        (11, "removed the records 10-10: "),
        (20, "removed the records 10-19: "),
        (21, "removed all records 10-20: "),
    ],
)
def test_what_retention_took_is_said(log_start: int, expected: str) -> None:
    text = missing_of(Span("id", 3, 10, 20), log_start, "metrics")
    assert expected in text
    assert bool(text) == bool(expected)
    assert ("begins at" in text) == bool(expected)


def test_a_span_that_began_before_the_log_lacks_nothing() -> None:
    assert missing_of(Span("id", 0, -1, 5), 0) == ""
