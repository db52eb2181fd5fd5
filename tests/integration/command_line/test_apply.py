"""A folder of files and a real control log: an export is applied without a change, and edits are what changes."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.registration import register_default_rules
from support.command_line import invoke, use_kafka
from support.kafka import Broker

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def operator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)
    register_default_rules(kafka.settings_for("operator"), "pulsemon-operator-test")


def apply(folder: Path, *more: str, exit_code: int = 0) -> Any:
    result = invoke("apply", "-f", str(folder), "--json", *more)
    assert result.exit_code == exit_code, result.output + result.stderr
    return json.loads(result.stdout)["changes"] if exit_code < 2 else result.stderr


def test_an_export_is_applied_without_a_change_and_an_edit_is_the_only_one(tmp_path: Path) -> None:
    own = uuid.uuid4().hex[:8]
    invoke("silence", "add", f"s {own}", "--scope", "server=web-1", "--for", "2h", "--comment", 'the "new" disks')
    quiet = ("--rrule", "FREQ=DAILY", "--starts-at", "2026-11-01T02:00", "--zone", "Europe/Berlin", "--lasts", "1h")
    invoke("maintenance", "add", f"m-{own}", *quiet)

    exported = invoke("export", "--config", str(tmp_path))

    assert exported.exit_code == 0, exported.output
    assert (tmp_path / "rules" / "fs_space.toml").exists()
    assert "intervals" not in (tmp_path / "maintenance" / f"m-{own}.toml").read_text()
    assert apply(tmp_path, "--prune") == []
    (tmp_path / "silences" / f"s {own}.toml").unlink()
    path = tmp_path / "rules" / "fs_space.toml"
    path.write_text(path.read_text().replace('summary = "', 'summary = "Ours: '))
    (tmp_path / "routes" / f"r-{own}.toml").write_text('receivers = ["mail"]\n[scope]\nkind = "global"\n')

    planned = apply(tmp_path, "--prune", "--dry-run")
    assert [(one["what"], one["id"], one["fields"]) for one in planned] == [
        ("make", f"r-{own}", []),
        ("change", "fs_space", ["summary"]),
        ("end", f"s {own}", []),
    ]
    made = apply(tmp_path, "--prune", "--reason", "reviewed")
    assert [one["outcome"] for one in made] == ["made"] * 3
    assert apply(tmp_path, "--prune") == [], "a second one changes nothing"
    history = json.loads(invoke("rule", "history", "fs_space", "--json").stdout)
    assert history[-1]["reason"] == "reviewed"


def test_without_prune_what_is_in_no_file_stays(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    name = f"rule_{uuid.uuid4().hex[:8]}"
    (tmp_path / "rules" / f"{name}.json").write_text(
        '{"metric": "system.cpu.busy", "levels": {"warning": {"limit": 1}}}'
    )
    assert [(one["what"], one["id"]) for one in apply(tmp_path)] == [("make", name)]
    assert "fs_space" in invoke("rule", "list").stdout


def test_nothing_is_written_if_one_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    name = f"rule_{uuid.uuid4().hex[:8]}"
    (tmp_path / "rules" / f"{name}.toml").write_text('metric = "system.cpu.busy"\nlevels.warning.limit = 1\n')
    (tmp_path / "rules" / "wrong.toml").write_text('metric = "system.cpu.busy"\nlevels.warning.limt = 1\n')
    said = apply(tmp_path, exit_code=2)
    assert "wrong.toml:2: error: levels.warning.limt: is not known: did you mean limit?" in said
    assert "nothing was written" in said
    assert name not in invoke("rule", "list").stdout
