"""What a worker does with bad records, with logs that do not fit together, and with records that are gone."""

import time
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas import codec
from pulsemon_schemas.records import Event
from pulsemon_schemas.ticks import TICK_KEY as KEY_OF_TICKS
from pulsemon_schemas.ticks import make_tick
from pulsemon_stream_processors.own_metrics import PREFIX
from support.processor import TICK_KEY, Room, WorkerProcess, running_worker, wait_for_commit
from support.replay import differences
from support.waiting import wait_until
from support.worker_alerts import READY_SECONDS, rule, sample, wait_for_alert, wait_for_partitions

pytestmark = pytest.mark.kafka


def tick(room: Room, control_offset: int, key: str = TICK_KEY, partition: int = 0) -> bytes:
    topics = [room.topic("metrics"), room.topic("control")]
    ids = topic_ids(room.broker.settings, topics)
    made = make_tick(
        key.encode(),
        partition=partition,
        topic_id=ids[topics[0]],
        control_topic_id=ids[topics[1]],
        control_offset=control_offset,
        producer_id="tests",
        sequence=0,
        now_ms=int(time.time() * 1000),
    )
    return codec.encode(made)


def wait_for_end(worker: WorkerProcess) -> None:
    wait_until(lambda: worker.has_ended, READY_SECONDS, "the end of the worker")
    assert worker.exit_code == 1


def test_bad_records_go_to_the_dead_letter_and_the_next_good_one_is_judged(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    with running_worker(room, tmp_path / "worker.log") as worker:
        wait_for_partitions(room, worker)
        for partition in range(room.partition_count):
            room.send_raw(None, None, partition)
            room.send_raw(b"web-1", b"\x00\x00\x00\x00\x01garbage", partition)
            room.send_raw(KEY_OF_TICKS, tick(room, 0, key="forged", partition=partition), partition)
            room.send_raw(KEY_OF_TICKS, tick(room, 0, partition=partition + 1), partition)
        room.send([sample("web-1", 0, 0.95)])
        wait_for_alert(room, "web-1", "firing")
        assert worker.end() == 0

    letters = [one for partition in room.read("deadletter") for one in partition]
    reasons = Counter(dict(one.headers() or [])["reason"] for one in letters)
    count = room.partition_count
    assert {dict(one.headers() or [])["role"] for one in letters} == {b"processor"}
    assert sum(one.key() is None and one.value() is None for one in letters) == room.partition_count
    assert reasons == {b"framing": count, b"malformed": count, b"bad_signature": 2 * count}
    assert differences(room) == []


def test_a_worker_tells_about_itself(room: Room, tmp_path: Path) -> None:
    with running_worker(room, tmp_path / "worker.log", server_id="host-1"):

        def told() -> set[str]:
            heads = [codec.decode(one.value) for partition in room.log() for one in partition if one.key == b"host-1"]
            return {name for head in heads for name in getattr(head, "names", ())}

        found = wait_until(told, READY_SECONDS, "the worker's metrics")
    assert f"{PREFIX}.lag" in found


def test_a_control_log_that_is_shorter_than_a_tick_says_ends_the_worker(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    room.send_raw(KEY_OF_TICKS, tick(room, 7), 0)
    room.flush()
    with running_worker(room, tmp_path / "worker.log") as worker:
        wait_for_end(worker)
        assert "a Tick names offset 7 of the control log" in worker.log()
        assert "backup" in worker.log()


def test_records_that_retention_took_are_a_hole_and_open_alerts_become_unknown(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    with running_worker(room, tmp_path / "first.log") as first:
        wait_for_partitions(room, first)
        room.send([sample("web-1", 0, 0.95)])
        wait_for_alert(room, "web-1", "firing")
        assert first.end() == 0
    room.send([sample("web-1", number, 0.95) for number in range(1, 20)])
    ends = room.ends()
    admin = room.broker.admin()
    places = [TopicPartition(room.topic("metrics"), number, end - 1) for number, end in enumerate(ends)]
    for future in admin.delete_records(places).values():
        future.result(20)
    with running_worker(room, tmp_path / "second.log") as second:
        wait_for_alert(room, "web-1", "unknown")
        wait_for_commit(room, ends)
        assert "retention has passed by" in second.log()
        assert second.end() == 0
    events = [codec.decode(one.value() or b"") for partition in room.read("events") for one in partition]
    assert "gap" in {event.kind for event in events if isinstance(event, Event)}


def test_a_metrics_topic_that_was_made_anew_is_another_log(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    with running_worker(room, tmp_path / "first.log") as first:
        wait_for_partitions(room, first)
        room.send([sample("web-1", 0, 0.95)])
        wait_for_alert(room, "web-1", "firing")
        room.make_anew("metrics")
        wait_for_end(first)
    with running_worker(room, tmp_path / "second.log") as second:
        wait_for_partitions(room, second)
        room.send([sample("web-2", 0, 0.95)])
        wait_for_alert(room, "web-2", "firing")
        assert "0 servers from" in second.log()
        assert second.end() == 0
