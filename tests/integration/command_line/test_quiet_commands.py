"""Silences and maintenance from the command line, in a real control log."""

import json
import time
import uuid
from typing import Any

import pytest
from pulsemon_deploy.kafka import ensure_topics
from support.command_line import invoke, use_kafka
from support.kafka import Broker

pytestmark = pytest.mark.kafka

SUNDAYS = ("--rrule", "FREQ=WEEKLY;BYDAY=SU", "--starts-at", "2026-11-01T02:00", "--zone", "Europe/Berlin")


@pytest.fixture(autouse=True)
def operator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def rows(kind: str, entity_id: str, *more: str) -> list[dict[str, Any]]:
    return [one for one in answer(kind, "list", *more) if one["id"] == entity_id]


@pytest.mark.parametrize("kind", ["silence", "maintenance"])
def test_one_is_begun_listed_and_ended(kind: str) -> None:
    made = answer(kind, "add", "--scope", "server=web-1", "--for", "2h", "--level", "warning", "--comment", "disks")
    (row,) = rows(kind, made["id"])
    assert (row["holds"], row["for"], row["levels"], row["comment"]) == ("now", "server=web-1", "warning", "disks")
    assert invoke(kind, "end", made["id"], "--reason", "done").exit_code == 0
    assert rows(kind, made["id"], "--all") == []
    again = invoke(kind, "end", made["id"])
    assert (again.exit_code, f"{kind} list" in again.stderr) == (1, True)


def test_one_that_comes_again_is_written_with_its_dated_intervals() -> None:
    chosen = f"sundays-{uuid.uuid4().hex[:8]}"
    answer("maintenance", "add", chosen, "--scope", "role=db", *SUNDAYS, "--lasts", "2h")
    (row,) = rows("maintenance", chosen)
    assert row["recurs"] == "FREQ=WEEKLY;BYDAY=SU Europe/Berlin"
    assert row["until"] > time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())


def test_what_is_over_is_listed_when_asked_for() -> None:
    chosen = f"over-{uuid.uuid4().hex[:8]}"
    answer("silence", "add", chosen, "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-02T00:00:00Z")
    assert rows("silence", chosen) == []
    (row,) = rows("silence", chosen, "--all")
    assert (row["holds"], row["for"]) == ("over", "global")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say how long"),
        (("--for", "1h", "--until", "2027-01-01"), "say how long"),
        ((*SUNDAYS, "--lasts", "2h", "--for", "1h"), "are for once"),
        (SUNDAYS, "duration_seconds: must be at least 1"),
        ((*SUNDAYS[:4], "--zone", "Mars/Olympus", "--lasts", "1h"), "no zone of the IANA"),
        (("--for", "1h", "--scope", "planet=mars"), "must be one of"),
        (("--from", "2027-01-02", "--until", "2027-01-01"), "must be [from, until]"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_said_and_nothing_written(words: tuple[str, ...], sentence: str) -> None:
    result = invoke("silence", "add", "wrong", *words)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr
    assert rows("silence", "wrong", "--all") == []
