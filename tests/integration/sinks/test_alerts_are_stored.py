"""Transitions of alerts and states of servers, with a real Kafka and a real engine."""

from dataclasses import astuple, replace

import pytest
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.topics import ALERTS, SERVER_STATE
from support.alerts import send, send_raw, state, transition
from support.sinks import Place, batch, headers, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

EVENT_COLUMNS = (
    "event_id, alert_id, transition, server_id, rule_id, rule_version, rule_author, metric, labels, previous_state, "
    "state, previous_level, level, reason, actor, toUnixTimestamp64Milli(started_at), "
    "toUnixTimestamp64Milli(occurred_at), late, value, limit, calm_value, window_function, window_seconds, "
    "sample_count, topic_id, partition, first_offset, last_offset, control_offset, suppressed_by"
)


def states(place: Place) -> list[tuple[object, ...]]:
    return place.rows("SELECT server_id, status, offset FROM {}.server_state FINAL ORDER BY server_id")


def wait_for_state(place: Place, offset: int) -> None:
    wait_until(lambda: states(place) == [("web-1", "critical", offset)], 10, f"the state of {offset}")


def test_a_transition_is_stored_with_all_its_fields(place: Place) -> None:
    absence = transition("db-1", "a2", 3, metric="", labels="", value=None, limit=90.0, calm_value=None, late=True)
    with running_sink(place):
        send(place, transition(), absence)
        place.wait_for("alerts", 2)
    rows = place.rows(f"SELECT {EVENT_COLUMNS} FROM {{}}.alerts FINAL ORDER BY alert_id")
    expected = [(*astuple(one)[:-1], list(one.suppressed_by)) for one in (transition(), absence)]
    assert rows == expected
    placed = place.rows(
        "SELECT log_partition, log_offset, log_topic_id != '', log_append_time > started_at FROM {}.alerts"
    )
    assert {row[2:] for row in placed} == {(1, 1)}


def test_what_is_delivered_again_changes_nothing_and_the_newest_never_goes_back(place: Place) -> None:
    history = [transition(number=n, state=one) for n, one in enumerate(("pending", "firing", "resolved"))]
    with running_sink(place):
        send(place, *history)
        place.wait_for("alerts", 3)
        first = place.rows("SELECT log_offset FROM {}.alerts FINAL ORDER BY transition")
        send(place, *history[:2], transition("db-1", "a2"))
        place.wait_for("alerts", 4)
    again = place.rows("SELECT log_offset FROM {}.alerts FINAL WHERE alert_id = 'a1' ORDER BY transition")
    assert again == first, "the copy that was written first stays"
    newest = place.rows("SELECT alert_id, transition, state FROM {}.alert_state FINAL ORDER BY alert_id")
    assert newest == [("a1", 2, "resolved"), ("a2", 0, "firing")]


def test_alerts_of_rules_in_shadow_have_a_table_of_their_own(place: Place) -> None:
    history = [transition(number=n, state=one) for n, one in enumerate(("pending", "firing"))]

    def send_shadow(*records: AlertEvent) -> None:
        for one in records:
            key = one.server_id.encode()
            partition = partition_for(key, place.partition_count)
            place.producer.produce(place.topic("alerts-shadow"), codec.encode(one), key, partition)
        place.flush()

    with running_sink(place):
        send(place, transition(number=7))
        send_shadow(*history, transition("db-1", "a2"))
        place.wait_for("alerts_shadow", 3)
        send_shadow(*history, transition(number=2, state="resolved"))
        place.wait_for("alerts_shadow", 4)
        place.wait_for("alerts", 1)
    rows = place.rows(f"SELECT {EVENT_COLUMNS} FROM {{}}.alerts_shadow FINAL WHERE alert_id = 'a2'")
    assert rows == [(*astuple(transition("db-1", "a2"))[:-1], ["silence/night"])]
    assert place.rows("SELECT alert_id, transition FROM {}.alert_state FINAL") == [("a1", 7)], "no shadow is open"


def test_only_what_was_committed_is_stored(place: Place) -> None:
    options = {"transactional.id": f"pulsemon-processor-{place.clickhouse.database}"}
    producer = place.broker.producer(options=options)
    producer.init_transactions(10)
    with running_sink(place):
        for number, keep in enumerate((True, False, True)):
            producer.begin_transaction()
            one = transition(number=number)
            partition = partition_for(b"web-1", place.partition_count)
            producer.produce(place.topic("alerts"), codec.encode(one), b"web-1", partition)
            producer.flush(10)
            if keep:
                producer.commit_transaction(10)
            else:
                producer.abort_transaction(10)
        place.wait_for("alerts", 2)
    assert place.rows("SELECT transition FROM {}.alerts ORDER BY transition") == [(0,), (2,)]


def test_of_the_states_of_a_server_the_newest_stays(place: Place) -> None:
    with running_sink(place):
        send(place, *(state(status=one, offset=n) for n, one in enumerate(("new", "ok", "critical"))), state("db-1"))
        place.wait_for("server_state", 2)
        wait_until(lambda: states(place)[1][1] == "critical", 10, "the newest state")
        send(place, state(status="ok", offset=9, firing={}, worst_level=""))
        wait_until(lambda: states(place) == [("db-1", "critical", 4), ("web-1", "ok", 9)], 10, "the next state")


def test_a_tombstone_is_a_purged_server(place: Place) -> None:
    with running_sink(place):
        send(place, state(), state("db-1"))
        send_raw(place, state(), b"web-1", None)
        place.flush()
        wait_until(lambda: [row[1] for row in states(place)] == ["critical", "purged"], 15, "the server is purged")
        send(place, state(status="new", offset=20))
        wait_until(lambda: [row[1] for row in states(place)] == ["critical", "new"], 15, "it came back")


def test_bad_records_are_dead_letters_and_their_neighbours_are_stored(place: Place) -> None:
    good = codec.encode(transition())
    bad = {
        "framing": b"garbage",
        "trailing_bytes": good + b"\0",
        "truncated": good[:-3],
        "unknown_schema": codec.encode(batch()),
        "key_mismatch": codec.encode(transition("somebody-else")),
        "malformed": codec.encode(transition(occurred_at_ms=-1)),
    }
    with running_sink(place):
        for number, value in enumerate(bad.values()):
            send(place, transition(number=number))
            send_raw(place, transition(), b"web-1", value)
        send_raw(place, transition(), b"web-1", None)
        send_raw(place, state(), b"web-1", b"garbage")
        send_raw(place, state(), b"\xff", None)
        send(place, state())
        letters = place.dead_letters(len(bad) + 3)
        place.wait_for("alerts", len(bad))
        place.wait_for("server_state", 1)
    found = sorted((headers(one)["topic"], headers(one)["reason"]) for one in letters)
    alerts, own_states = place.topic("alerts"), place.topic("server-state")
    assert found == sorted(
        [(alerts, reason) for reason in (*bad, "framing")] + [(own_states, "framing"), (own_states, "not_utf8")]
    )
    assert {one.value() for one in letters} == {*bad.values(), None}


def test_records_that_only_the_store_refuses_are_found(place: Place) -> None:
    """A long of more than ten bytes is fine for Python's decoder, and not for ClickHouse."""
    value = codec.encode(state(control_offset=0))
    assert value.endswith(b"\0")
    with running_sink(place):
        send_raw(place, state(), b"web-1", value[:-1] + b"\x80" * 11 + b"\0")
        send(place, state("db-1"))
        (letter,) = place.dead_letters(1)
        place.wait_for("server_state", 1)
    assert headers(letter)["reason"] == "refused"


def test_a_sink_that_starts_again_goes_on(place: Place) -> None:
    for number in range(3):
        with running_sink(place):
            send(place, transition(number=number), state(offset=number))
            place.wait_for("alerts", number + 1)
            wait_for_state(place, number)
    assert place.rows("SELECT count() FROM {}.alerts") == [(3,)], "no row came twice"


def test_topics_made_anew_are_other_logs(place: Place) -> None:
    history = [transition(number=n) for n in range(3)]
    with running_sink(place):
        send(place, *history, state(offset=50))
        place.wait_for("alerts", 3)
        place.wait_for("server_state", 1)
        _make_anew(place)
        send(place, *history, transition("web-1", "a2"), state(status="ok", offset=1))
        place.wait_for("alerts", 4, timeout_seconds=40)
        wait_until(lambda: place.count("server_state") == 2, 40, "the state of the other log")
    rows = place.rows("SELECT status FROM {}.server_state FINAL ORDER BY log_append_time DESC LIMIT 1 BY server_id")
    assert rows == [("ok",)]
    assert place.rows("SELECT uniqExact(topic_id) FROM {}.sink_ledger WHERE topic LIKE '%alerts'") == [(2,)]


def _make_anew(place: Place) -> None:
    names = [place.topic("alerts"), place.topic("server-state")]
    admin = place.broker.admin()
    for future in admin.delete_topics(names).values():
        future.result(20)
    wait_until(lambda: not set(names) & set(admin.list_topics(timeout=5).topics), 10, "the topics gone")
    copies = [replace(one, name=name) for one, name in zip((ALERTS, SERVER_STATE), names, strict=True)]
    ensure_topics(place.broker.settings, place.partition_count, copies)
    place.producer = place.broker.producer()


def test_a_store_that_was_emptied_gets_everything_again(place: Place) -> None:
    with running_sink(place):
        send(place, transition(), state())
        place.wait_for("alerts", 1)
        place.wait_for("server_state", 1)
        place.rows("DROP DATABASE {} SYNC")
        send(place, transition(number=1))
        place.wait_for("alerts", 2)
        place.wait_for("server_state", 1)
