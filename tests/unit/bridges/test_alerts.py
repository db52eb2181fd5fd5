"""What a program gets of an alert, without a broker."""

import subprocess
import sys
import threading
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from pulsemon import alerts
from pulsemon.alerts.seen import Seen
from pulsemon.testing import example_alert, example_alert_record
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError, SettingsError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings


def test_an_alert_is_a_value_with_times_in_utc_and_labels_apart() -> None:
    alert = alerts.decode(example_alert_record(labels="device=sda1,mountpoint=/srv\\,a"))

    assert alert == example_alert(labels="device=sda1,mountpoint=/srv\\,a")
    assert dict(alert.labels) == {"device": "sda1", "mountpoint": "/srv,a"}
    assert alert.at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
    assert (alert.at - alert.since).total_seconds() == 300
    with pytest.raises(FrozenInstanceError):
        alert.state = "resolved"  # type: ignore[misc]
    with pytest.raises(TypeError):
        alert.labels["device"] = "sdb"  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "is_quiet"),
    [({}, False), ({"late": True}, True), ({"suppressed_by": ("silence/night",)}, True)],
    ids=["in time", "late", "silenced"],
)
def test_what_wakes_nobody_says_so(changes: dict[str, object], is_quiet: bool) -> None:
    assert example_alert(**changes).is_quiet is is_quiet


def test_labels_that_nobody_can_take_apart_still_have_their_text() -> None:
    alert = example_alert(labels="no labels")
    assert (dict(alert.labels), alert.series) == ({}, "no labels")


def test_a_record_of_another_kind_is_no_alert() -> None:
    other = codec.encode(ControlRecord("rule", "x", "delete", 3, "", "ann", "", "", ""))
    with pytest.raises(ContractError, match="a ControlRecord where alerts are"):
        alerts.decode(other)


def test_a_time_that_no_calendar_has_makes_no_alert() -> None:
    with pytest.raises(ContractError, match="malformed"):
        alerts.decode(example_alert_record(started_at_ms=2**62))


def test_only_so_many_alerts_are_remembered() -> None:
    seen = Seen(max_alerts=2)
    for name in ("a", "b", "a", "c"):
        seen.add(name, 5)

    assert [seen.has(name, 5) for name in ("a", "b", "c")] == [True, False, True]


def test_wrong_words_are_refused_before_anything_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="name one, as pulsemon-bridge-mine"):
        alerts.read(KafkaSettings(), group="")
    with pytest.raises(ValueError, match="use latest or earliest"):
        alerts.read(KafkaSettings(), group="g", start="first")  # type: ignore[arg-type]
    monkeypatch.setenv("PULSEMON_KAFKA_BOOTSTRAPP", "x:1")
    with pytest.raises(SettingsError, match="did you mean PULSEMON_KAFKA_BOOTSTRAP"):
        alerts.read(group="g")


def test_nothing_connects_when_it_is_told_to_stop_before_it_starts() -> None:
    stop = threading.Event()
    stop.set()
    assert list(alerts.read(KafkaSettings(bootstrap="127.0.0.1:1"), group="g", stop=stop)) == []


def test_importing_it_loads_no_client() -> None:
    script = "import sys, pulsemon.alerts, pulsemon.testing; print({'confluent_kafka', 'fastavro'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
