"""What a real worker said of a log, said again from Kafka and from what a real sink stored, through the command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.command_line import invoke, use_clickhouse, use_kafka
from support.waiting import wait_until

if TYPE_CHECKING:
    from support.clickhouse import Engine
    from support.kafka import Broker
    from support.processor import Room
    from support.sinks import Place

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SECONDS = 1000


@pytest.fixture(name="room", scope="module")
def judged_room(kafka: "Broker", tmp_path_factory: pytest.TempPathFactory) -> "Room":
    """A log that a worker has judged to its end."""
    from support.fault_run import SETTINGS, Feeder, recorded_room
    from support.processor import running_worker, wait_for_commit
    from support.recorded_log import Entry, Recording

    class Apart(Recording):
        """Second copies come a millisecond later: of copies in one millisecond the store keeps either."""

        def entries(self) -> Iterator[Entry]:
            previous = None
            for one in super().entries():
                yield one._replace(append_ms=one.append_ms + 1) if one == previous else one
                previous = one

    room, recording = recorded_room(kafka, servers=12, seconds=SECONDS, garbage=0.004, duplicates=0.01)
    with running_worker(
        room, tmp_path_factory.mktemp("worker") / "worker.log", **{**SETTINGS, "round_seconds": 0.7}
    ) as worker:
        feeder = Feeder(room, Apart(recording.plan, recording.control, recording.offsets), 0.0)
        feeder.start()
        wait_until(lambda: feeder.is_done, 30, "the recording in the log")
        wait_for_commit(room, room.ends())
        assert worker.end() == 0
    return room


@pytest.fixture(name="place", scope="module")
def stored_room(room: "Room", clickhouse: "Engine") -> "Iterator[Place]":
    """The same in a database, as a sink has stored it."""
    from pulsemon_schemas.runtime.secret import Secret
    from support.processor import TICK_KEY
    from support.sinks import Place, running_sink

    place = Place(room.broker, clickhouse.fresh_database(), room.topics, room.partition_count)
    ticks, batches = counted(room)
    with running_sink(place, tick_key=Secret(TICK_KEY)):
        place.wait_for("ticks", ticks)
        place.wait_for("batches", batches)
        place.wait_for("alerts", len(room.alerts()))
        yield place
    place.store.close()
    clickhouse.drop(place.clickhouse)


def counted(room: "Room") -> tuple[int, int]:
    """How many different Ticks and batches the log holds."""
    from pulsemon_deploy.kafka import topic_ids
    from pulsemon_schemas.errors import ContractError
    from pulsemon_schemas.ticks import TICK_SERVER_ID
    from pulsemon_schemas.validity import check
    from support.processor import TICK_KEY

    topic_id = topic_ids(room.broker.settings, [room.topic("metrics")])[room.topic("metrics")]
    ticks, batches = 0, set()
    for one in (one for log in room.log() for one in log):
        try:
            head = check(one, room.partition_count, TICK_KEY.encode(), topic_id)
        except ContractError:
            continue
        if head.server_id == TICK_SERVER_ID:
            ticks += 1
        else:
            batches.add((head.server_id, head.producer_id, head.sequence))
    return ticks, len(batches)


def replay(room: "Room", monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, Any]:
    from support.processor import TICK_KEY

    use_kafka(monkeypatch, room.broker)
    monkeypatch.setenv("PULSEMON_PROCESSOR_TOPIC_PREFIX", room.prefix)
    monkeypatch.setenv("PULSEMON_PROCESSOR_TICK_KEY", TICK_KEY)
    result = invoke("replay", *arguments, "--json")
    assert result.stdout, result.stderr + repr(result.exception)
    return result.exit_code, json.loads(result.stdout)


def test_kafka_gives_the_live_stream_again(room: "Room", monkeypatch: pytest.MonkeyPatch) -> None:
    exit_code, found = replay(room, monkeypatch)
    assert (exit_code, found["equal"], found["exact"], found["doubts"]) == (0, True, True, [])
    assert sum(one["alerts"] for one in found["streams"]) == len(room.alerts()) > 50
    assert found["streams"][-1]["alerts"], "an environment is silent in the recording"
    assert all(one["sha256"] == one["live_sha256"] for one in found["streams"])


def test_clickhouse_gives_the_live_stream_again(place: "Place", room: "Room", monkeypatch: pytest.MonkeyPatch) -> None:
    use_clickhouse(monkeypatch, place.clickhouse)
    _, by_kafka = replay(room, monkeypatch)
    exit_code, found = replay(room, monkeypatch, "--from", "clickhouse")
    assert found["doubts"] == []
    assert [one["verdict"] for one in found["streams"]] == ["equal"] * 5, found["streams"]
    assert (exit_code, found["equal"], found["exact"]) == (0, True, True)
    assert [one["sha256"] for one in found["streams"]] == [one["sha256"] for one in by_kafka["streams"]]


def test_the_store_has_every_valid_record_byte_for_byte(place: "Place", room: "Room") -> None:
    from pulsemon_schemas.history import Span
    from pulsemon_sinks.reader.alerts import asker
    from pulsemon_sinks.reader.log_history.stored_history import StoredHistory

    stored = StoredHistory(asker(place.store, place.clickhouse.database), room.topic("metrics"))
    rebuilt = 0
    for partition, log in enumerate(room.log()):
        by_offset = {one.offset: one for one in log}
        assert stored.span(partition, None) == Span(0, len(log))
        for one in stored.records(partition, Span(0, len(log))):
            assert one == by_offset[one.offset]
            rebuilt += 1
    assert rebuilt == sum(counted(room))
    assert stored.doubts() == []


def test_the_state_of_a_day_is_kept_once_and_a_replay_can_begin_with_it(place: "Place", room: "Room") -> None:
    from pulsemon_schemas.runtime.kafka import consumer_config
    from pulsemon_sinks.reader.alerts import asker
    from pulsemon_sinks.reader.log_history.stored_history import StoredHistory
    from pulsemon_sinks.reader.log_history.stored_states import StoredStates
    from pulsemon_sinks.state_snapshots.snapshots import Snapshots
    from pulsemon_sinks.state_snapshots.state_topic import StateTopic
    from pulsemon_stream_processors.replay import Range, Replay
    from support.processor import TICK_KEY

    group = "pulsemon-sink-states"
    topic = StateTopic(consumer_config(room.broker.settings_for("sink"), group, group), room.topic("processor-state"))
    begins_ms = min(log[0].append_time_ms for log in room.log())
    snapshots = Snapshots(place.store, place.clickhouse.database, topic, lambda: begins_ms / 1000)
    for _ in range(4):  # partitions, then the fleet, then nothing more
        snapshots.step()
    topic.close()
    ask = asker(place.store, place.clickhouse.database)
    source = StoredHistory(ask, room.topic("metrics"))
    states = StoredStates(ask)
    found = states.before(source.topic_id, begins_ms + 1)
    assert set(found.partitions) == {0, 1, 2, 3}
    assert "_fleet:engine" in found.fleet
    assert not states.before(source.topic_id, begins_ms).partitions
    replay = Replay(source, TICK_KEY.encode(), Range(begins_ms + 1), None, states)
    results = list(replay.run())
    assert all(one.span.first_offset > 0 for one in results[:-1]), "it goes on behind what the state covers"
    assert replay.doubts() == ()


def test_a_backtest_from_the_store_says_what_one_from_memory_says(place: "Place", room: "Room") -> None:
    from pulsemon_schemas.rules import parse_rule
    from pulsemon_schemas.series_history import SeriesKey
    from pulsemon_sinks.reader.alerts import asker
    from pulsemon_sinks.reader.series_history import StoredSeries
    from pulsemon_sinks.reader.tiers import Reach
    from pulsemon_stream_processors.replay.backtest import Backtest, JudgedSeries
    from support.series_memory import SeriesMemory

    busy: dict[SeriesKey, list[tuple[int, float]]] = {}
    rows = place.rows("""SELECT server_id, labels, toUnixTimestamp64Milli(recorded_at), value FROM {}.samples FINAL
        WHERE name = 'system.cpu.busy' ORDER BY recorded_at""")
    for server_id, labels, at_ms, value in rows:
        busy.setdefault(SeriesKey(server_id, labels), []).append((at_ms, value))
    first_ms, last_ms = min(row[2] for row in rows), max(row[2] for row in rows)
    stored = StoredSeries(asker(place.store, place.clickhouse.database), Reach())
    for limit, operator in ((0.85, ">="), (0.25, "<=")):
        body = {"metric": "system.cpu.busy", "operator": operator, "levels": {"warning": {"limit": limit}}}
        judged = JudgedSeries(parse_rule("own", body))
        found, wanted = (Backtest(one).run(judged, first_ms, last_ms + 1) for one in (stored, SeriesMemory(busy)))
        assert found.series == wanted.series == len(busy)
        assert found.events == wanted.events
        assert found.episodes


def asked(place: "Place", monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    use_kafka(monkeypatch, place.broker)
    use_clickhouse(monkeypatch, place.clickhouse)
    result = invoke(*arguments, "--json")
    assert result.stdout, result.stderr + repr(result.exception)
    return json.loads(result.stdout)


def test_why_it_fired_names_rule_author_value_and_records(place: "Place", monkeypatch: pytest.MonkeyPatch) -> None:
    rows = place.rows("""SELECT alert_id, value, last_offset FROM {}.alerts FINAL
        WHERE state = 'firing' AND metric != '' AND rule_author = 'recorder' ORDER BY occurred_at LIMIT 1""")
    ((alert_id, value, _),) = rows
    found = asked(place, monkeypatch, "alert", "explain", alert_id[:12])
    assert (found["alert"]["alert_id"], found["alert"]["value"]) == (alert_id, value)
    assert found["rule_change"]["version"] == found["alert"]["rule_version"]
    assert (found["rule_change"]["author"], json.loads(found["rule_change"]["body"])["metric"]) == (
        "recorder", "system.cpu.busy",
    )  # fmt: skip
    assert found["records"], "read from the store, which has what is not in this topic"
    assert found["records"][-1]["value"] == f"{value:.6g}"
    shown = invoke("alert", "explain", alert_id[:12]).stdout
    assert "by recorder" in shown
    assert f"the value was {value:.6g}" in shown


def test_why_it_did_not_fire_says_what_was_lacking(place: "Place", monkeypatch: pytest.MonkeyPatch) -> None:
    ((server, at_ms),) = place.rows("""SELECT server_id, toUnixTimestamp64Milli(recorded_at) FROM {}.samples
        WHERE name = 'system.cpu.busy' ORDER BY recorded_at DESC LIMIT 1""")
    about = ("alert", "explain", "--server", server, "--metric")
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
    before = asked(place, monkeypatch, *about, "system.cpu.busy", "--at", at)
    (then,) = before["series"]
    assert "no rule judged it" in then["answer"], "the rules of this log were written after its samples"
    (now,) = asked(place, monkeypatch, *about, "system.cpu.busy")["series"]
    assert any(rule.startswith("busy") for rule in now["rules"])
    assert any("no data" in line for line in now["answer"])
    nothing = asked(place, monkeypatch, *about, "no.such.metric")
    assert (nothing["series"], nothing["rules"]) == ([], [])


def test_a_preview_shows_what_a_rule_would_have_done(
    place: "Place", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pulsemon_deploy.kafka import ensure_topics

    ensure_topics(place.broker.settings, 4)
    path = tmp_path / "preview_busy.toml"
    path.write_text('metric = "system.cpu.busy"\nfamily = "preview"\n[levels.warning]\nlimit = 0.85\n')
    (found,) = asked(place, monkeypatch, "rule", "preview", str(path), "--since", "3h")
    assert found["in_force"] is None
    assert found["in_file"]["fired"] == len(found["new"]) > 0
    assert found["in_file"]["servers"] > 1
    assert found["exact"]
    path.write_text('kind = "absence"\n[levels.warning]\nlimit = 600\n')
    result = invoke("rule", "preview", str(path))
    assert result.exit_code == 1
    assert "pulsemon replay --rules" in result.stderr


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
