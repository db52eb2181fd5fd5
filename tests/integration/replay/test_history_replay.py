"""What a real worker said of a log, said again from Kafka, through the command."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.command_line import invoke, use_kafka
from support.logging_state import kept_logging
from support.waiting import wait_until

if TYPE_CHECKING:
    from support.kafka import Broker
    from support.processor import Room

pytestmark = [pytest.mark.kafka]

SECONDS = 1000


@pytest.fixture(name="room", scope="module")
def judged_room(kafka: "Broker", tmp_path_factory: pytest.TempPathFactory) -> "Room":
    """A log that a worker has judged to its end."""
    from support.fault_run import SETTINGS, Feeder, recorded_room
    from support.processor import running_worker, wait_for_commit

    room, recording = recorded_room(kafka, servers=12, seconds=SECONDS, garbage=0.004, duplicates=0.01)
    with running_worker(
        room, tmp_path_factory.mktemp("worker") / "worker.log", **{**SETTINGS, "round_seconds": 0.7}
    ) as worker:
        feeder = Feeder(room, recording, 0.0)
        feeder.start()
        wait_until(lambda: feeder.is_done, 30, "the recording in the log")
        wait_for_commit(room, room.ends())
        assert worker.end() == 0
    return room


def replay(room: "Room", monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, Any]:
    from support.processor import TICK_KEY

    use_kafka(monkeypatch, room.broker)
    monkeypatch.setenv("PULSEMON_PROCESSOR_TOPIC_PREFIX", room.prefix)
    monkeypatch.setenv("PULSEMON_PROCESSOR_TICK_KEY", TICK_KEY)
    with kept_logging():
        result = invoke("replay", *arguments, "--json")
    assert result.stdout, result.stderr + repr(result.exception)
    return result.exit_code, json.loads(result.stdout)


def test_kafka_gives_the_live_stream_again(room: "Room", monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code, found = replay(room, monkeypatch)
    assert (exit_code, found["equal"], found["exact"], found["doubts"]) == (0, True, True, [])
    assert sum(one["alerts"] for one in found["streams"]) == len(room.alerts()) > 50
    assert found["streams"][-1]["alerts"], "an environment is silent in the recording"
    assert all(one["sha256"] == one["live_sha256"] for one in found["streams"])


def test_a_file_of_rules_says_what_would_have_fired(
    room: "Room", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "busy.toml"
    path.write_text('metric = "system.cpu.busy"\nfamily = "busy"\n[levels.warning]\nlimit = 5.0\n')
    exit_code, found = replay(room, monkeypatch, "--rules", str(path))
    assert exit_code == 0
    assert found["exact"]
    assert {one["rule_id"] for one in found["gone"]} >= {"busy"}
    assert not [one for one in found["new"] if one["rule_id"] == "busy"]
    path.write_text("metric = 3\n")
    assert invoke("replay", "--rules", str(path)).exit_code == 2
