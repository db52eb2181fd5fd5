"""What `pulsemon alert show` says of an alert."""

from dataclasses import asdict
from typing import Any

import pytest
from pulsemon_deploy.cli.alert_rows import alert_fields
from pulsemon_sinks.reader.alerts import Transition
from support.alerts import transition

SILENCE = {"metric": "", "labels": "", "window_function": "", "calm_value": None, "value": None, "limit": 90.0}


def fields(**changes: Any) -> dict[object, object]:
    rows = alert_fields(Transition(**asdict(transition(**changes))))
    return {row["field"]: row["value"] for row in rows}


@pytest.mark.parametrize(
    ("limit", "calm_value", "expected"),
    [
        (0.05, 0.049999999999999996, "just below 0.05"),
        (0.05, 0.05000000000000001, "just above 0.05"),
        (0.5, 0.5, "at 0.5"),
        (90.0, None, "-"),
    ],
)
def test_where_it_would_not_have_fired_is_on_one_side_of_the_limit(
    limit: float, calm_value: float | None, expected: str
) -> None:
    assert fields(limit=limit, calm_value=calm_value)["would not fire"] == expected


def test_an_alert_about_no_metric_is_about_a_silence_and_has_no_window() -> None:
    silent = fields(**SILENCE)
    assert (silent["series"], silent["window"]) == ("silence", "-")
    fleet = fields(**SILENCE | {"labels": "environment=prod"})
    assert fleet["series"] == "silence{environment=prod}"


def test_a_window_is_said_with_its_function() -> None:
    assert fields()["window"] == "last sample"
    assert fields(window_function="avg", window_seconds=300.0)["window"] == "avg 300 s"
