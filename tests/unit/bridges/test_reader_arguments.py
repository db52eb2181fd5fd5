"""Mistakes in the arguments of a reader are seen at the call, before anything is asked of Kafka."""

from typing import Any

import pytest
from pulsemon import Client, alerts


@pytest.mark.parametrize("wrong", ["kafka:9092", {"bootstrap": "kafka:9092"}, 9092])
def test_what_is_no_setting_of_kafka_is_told_with_what_to_write(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"kafka is a KafkaSettings, not a .*write kafka=KafkaSettings"):
        alerts.read(wrong, group="pulsemon-bridge-mine")
    with pytest.raises(ValueError, match=r"kafka is a KafkaSettings, not a .*write kafka=KafkaSettings"):
        Client(kafka=wrong, environ={})


@pytest.mark.parametrize(("name", "value"), [("group", ""), ("start", "newest")])
def test_other_arguments_are_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        alerts.read(**{"group": "pulsemon-bridge-mine", name: value})
