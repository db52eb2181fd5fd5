import pytest
from pulsemon_schemas import registry
from pulsemon_schemas.topics import CONTROL, DEADLETTER, EVENTS, METRICS, ROLES, TOPICS, Topic, topic

DAY_MS = 86_400_000


@pytest.mark.parametrize("one", TOPICS, ids=lambda one: one.name)
def test_a_topic_is_complete(one: Topic) -> None:
    assert one.name.startswith("pulsemon.")
    assert one.key
    assert one.writers
    assert one.readers
    assert one.writers | one.readers <= ROLES
    assert one.config["cleanup.policy"] in {"delete", "compact"}
    assert int(one.config["max.message.bytes"]) > 0
    assert one.record is None or registry.versions(one.record)


def test_time_of_the_log_is_set_by_the_log_where_it_is_read() -> None:
    stamped = {one.name for one in TOPICS if one.config.get("message.timestamp.type") == "LogAppendTime"}

    assert stamped == {METRICS.name, CONTROL.name, DEADLETTER.name}


def test_the_control_log_is_kept_for_ever() -> None:
    assert CONTROL.config["cleanup.policy"] == "delete"
    assert CONTROL.config["retention.ms"] == CONTROL.config["retention.bytes"] == "-1"


def test_a_dead_letter_has_room_for_the_largest_record_and_its_headers() -> None:
    assert int(DEADLETTER.config["max.message.bytes"]) == int(METRICS.config["max.message.bytes"]) * 1.0625


def test_agents_and_services_write_metrics_and_events_and_nothing_else() -> None:
    assert [one.name for one in TOPICS if "agent" in one.writers] == [METRICS.name, EVENTS.name]
    assert not [one.name for one in TOPICS if "agent" in one.readers]


def test_a_topic_is_found_by_its_name() -> None:
    assert topic("pulsemon.control") is CONTROL
    with pytest.raises(KeyError):
        topic("pulsemon.nothing")
