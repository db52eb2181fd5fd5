"""Rules and servers from the command line: written into a real control log, and read back from it."""

import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from pulsemon_deploy.control_log import Conflict, opened, write
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.registration import register_default_rules
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules import default_rules
from pulsemon_schemas.topics import CONTROL
from support.command_line import invoke, use_kafka
from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("control_log")]
CLIENT = "pulsemon-operator-test"
BUSY = ("--metric", "system.cpu.busy", "--limit", "critical=0.9")


@pytest.fixture(name="control_log")
def control_log_of_the_session(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)


@pytest.fixture(name="rule_id")
def unused_rule_id() -> str:
    return f"rule-{uuid.uuid4().hex[:8]}"


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def record(entity: tuple[str, str], expected: int, change_id: str, body: object = None) -> ControlRecord:
    return ControlRecord(*entity, "put", expected, change_id, "ann", "", "", json.dumps(body or {}))


def test_a_rule_is_made_changed_and_ended_and_nothing_is_forgotten(rule_id: str) -> None:
    made = answer("rule", "set", rule_id, *BUSY, "--reason", "why not", "--on-behalf-of", "ann")
    changed = answer("rule", "set", rule_id, "--limit", "warning=0.8", "--scope", "role=db")
    shown = answer("rule", "show", rule_id)
    assert (shown["version"], shown["origin"], shown["author"]) == (changed["version"], "own", "operator")
    assert shown["body"]["levels"] == {"warning": {"limit": 0.8}, "critical": {"limit": 0.9}}
    assert shown["body"]["scope"] == {"kind": "role", "value": "db"}
    (row,) = [one for one in answer("rule", "list") if one["id"] == rule_id]
    assert (row["scope"], row["levels"], row["enabled"]) == ("role=db", "warning >= 0.8, critical >= 0.9", True)

    ended = answer("rule", "delete", rule_id)
    assert rule_id not in {one["id"] for one in answer("rule", "list")}
    assert invoke("rule", "show", rule_id).exit_code == 1
    history = answer("rule", "history", rule_id)
    assert [(one["operation"], one["did"], one["version"]) for one in history] == [
        ("put", "made", made["version"]),
        ("put", "made", changed["version"]),
        ("delete", "made", ended["version"]),
    ]
    assert (history[0]["reason"], history[0]["on_behalf_of"]) == ("why not", "ann")
    again = answer("rule", "set", rule_id, *BUSY)
    assert again["version"] > ended["version"], "an id that was used once can be used again, and is never new again"
    assert invoke("rule", "delete", rule_id).stdout == f"rule {rule_id}: ended by version {again['version'] + 1}\n"


def test_whoever_expects_an_old_version_is_told_who_was_quicker(rule_id: str) -> None:
    made = answer("rule", "set", rule_id, *BUSY)
    answer("rule", "set", rule_id, "--limit", "critical=0.8", "--on-behalf-of", "ann")
    late = ("rule", "set", rule_id, "--limit", "critical=0.7", "--expect", str(made["version"]))
    refused = invoke(*late)
    assert refused.exit_code == 1
    assert "was not changed" in refused.stderr
    assert "made by operator for ann at 20" in refused.stderr
    told = json.loads(invoke(*late, "--json").stdout)
    assert (told["outcome"], told["changed_by"], told["expected"]) == ("conflict", "operator for ann", made["version"])
    history = answer("rule", "history", rule_id)
    assert [one["did"] for one in history] == ["made", "made", "void", "void"]
    assert answer("rule", "show", rule_id)["body"]["levels"] == {"critical": {"limit": 0.8}}


def test_a_change_that_is_repeated_is_one_version(rule_id: str) -> None:
    first, at_once = (answer("rule", "set", rule_id, *BUSY, "--change-id", "c1") for _ in range(2))
    answer("rule", "set", rule_id, "--limit", "critical=0.8")
    later = answer("rule", "set", rule_id, *BUSY, "--change-id", "c1")
    assert first["version"] == at_once["version"] == later["version"]
    assert [one["did"] for one in answer("rule", "history", rule_id)] == ["made", "made", "repeated"]


def test_of_writers_at_the_same_time_one_wins_and_the_others_know(kafka: Broker, rule_id: str) -> None:
    outcomes: list[int | Conflict] = []
    start = threading.Barrier(4)

    def writer(number: int) -> None:
        with opened(kafka.settings_for("operator"), CLIENT) as log:
            start.wait(20)
            outcomes.append(log.write(record(("rule", rule_id), -1, f"c{number}")))

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    versions = [one for one in outcomes if isinstance(one, int)]
    conflicts = [one for one in outcomes if isinstance(one, Conflict)]
    assert (len(versions), len(conflicts)) == (1, 3)
    assert {one.version for one in conflicts} == set(versions)
    assert {one.by.record.author for one in conflicts if one.by} == {"ann"}


def test_a_rule_that_makes_no_sense_is_never_written(rule_id: str) -> None:
    result = invoke("rule", "set", rule_id, *BUSY, "--recovery", "critical=0.95", "--operator", "~")
    assert result.exit_code == 2
    assert "operator: must be one of" in result.stderr
    assert "recovery: 0.95 must not be beyond" in result.stderr
    assert invoke("rule", "history", rule_id).exit_code == 1


def test_what_may_not_be_meant_is_said(rule_id: str) -> None:
    answer("rule", "set", f"{rule_id}-a", "--metric", f"my.{rule_id}", "--limit", "info=1")
    result = invoke("rule", "set", f"{rule_id}-b", "--metric", f"my.{rule_id}", "--limit", "info=2")
    assert result.exit_code == 0
    assert f"note: the catalogue has no metric my.{rule_id}" in result.stderr
    assert f"{rule_id}-a has the same scope and metric; where both cover a series {rule_id}-a judges" in result.stderr


def test_a_rule_of_another_program_that_cannot_be_read_is_shown_as_such(kafka: Broker, rule_id: str) -> None:
    write(kafka.settings_for("operator"), [record(("rule", rule_id), -1, "c", {"kind": "of tomorrow"})], CLIENT)
    (row,) = [one for one in answer("rule", "list") if one["id"] == rule_id]
    assert "cannot be used" in row["levels"]
    assert any("kind: must be one of" in one for one in answer("rule", "show", rule_id)["problems"])


def test_default_rules_are_put_in_force_once_and_stay_as_people_made_them(kafka: Broker) -> None:
    settings = kafka.settings_for("operator")
    register_default_rules(settings, CLIENT)
    assert register_default_rules(settings, CLIENT) == ()
    rows = {one["id"]: one for one in answer("rule", "list")}
    assert {rule.id for rule in default_rules()} <= set(rows)
    answer("rule", "set", "oom_kill", "--disabled")
    answer("rule", "delete", "major_faults")
    assert register_default_rules(settings, CLIENT) == ()
    rows = {one["id"]: one for one in answer("rule", "list")}
    assert (rows["oom_kill"]["origin"], rows["oom_kill"]["enabled"]) == ("changed default", False)
    assert rows["load"]["origin"] == "default"
    assert "major_faults" not in rows


def test_files_as_they_were_shown_can_be_set_again(rule_id: str, tmp_path: Path) -> None:
    first = answer("rule", "set", rule_id, *BUSY, "--window", "avg:300", "--match", "cpu.mode=user")
    path = tmp_path / "rule.json"
    body = answer("rule", "show", rule_id)["body"]
    path.write_text(json.dumps(body | {"summary": "more"}))
    second = answer("rule", "set", rule_id, "--file", str(path))
    assert second["version"] > first["version"]
    assert answer("rule", "show", rule_id)["body"] == body | {"summary": "more"}


def test_what_is_in_force_already_is_not_written_again(rule_id: str, tmp_path: Path) -> None:
    made = answer("rule", "set", rule_id, *BUSY)
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(answer("rule", "show", rule_id)["body"]))
    for same in ((*BUSY,), ("--file", str(path)), ("--enabled",), (*BUSY, "--expect", str(made["version"]))):
        told = answer("rule", "set", rule_id, *same)
        assert (told["outcome"], told["version"]) == ("unchanged", made["version"])
    assert "says this already, nothing was written" in invoke("rule", "set", rule_id, *BUSY).stdout
    assert len(answer("rule", "history", rule_id)) == 1
    stale = invoke("rule", "set", rule_id, *BUSY, "--expect", "-1")
    assert (stale.exit_code, "was not changed" in stale.stderr) == (1, True)


def test_hints_can_be_typed_as_this_program_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_deploy.invocation.program", lambda: ".venv/bin/pulsemon")
    for kind in ("rule", "server"):
        assert f"`.venv/bin/pulsemon {kind} list` shows them" in invoke(kind, "show", "nobody-at-all").stderr


def test_a_broker_that_is_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_deploy.control_log.TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr("pulsemon_deploy.control_log.LEADER_SECONDS", 0.1)
    monkeypatch.setenv("PULSEMON_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    result = invoke("rule", "list")
    assert result.exit_code == 1
    assert "the control log at 127.0.0.1:9 could not be used" in result.stderr


def test_a_hundred_thousand_records_are_folded_quickly(kafka: Broker) -> None:
    names = kafka.create_topics("long", partition_count=1)
    topic = names[CONTROL.name]
    body = {"name": "web", "environment": "production", "region": "eu", "role": "web", "labels": {"rack": "7"}}
    records = [record(("server", f"s{number % 20_000}"), -1, f"c{number}", body) for number in range(100_000)]
    write(kafka.settings_for("operator"), records, CLIENT, topic)
    before = time.process_time()
    with opened(kafka.settings_for("operator"), CLIENT, lambda one: one.entity_type == "rule", topic) as log:
        seconds = time.process_time() - before
        assert log.fold.offset == 99_999
        assert len(log.fold.entities("server")) == 20_000
    kafka.delete_topics(names)
    assert seconds < 5, f"{seconds:.1f} s of processor time"
