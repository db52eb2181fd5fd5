from datetime import UTC
from typing import Any

import pytest
from pulsemon_sinks.reader.choice import Choice
from pulsemon_ui.view_models.alert_cards import alert_cards, alert_rows
from pulsemon_ui.view_models.alerts import alert_line, calm_text, fires_above, line_of, muted_text, subject
from support.fleets import alert

NOW = 1_800_000_000_000
SILENCE: dict[str, Any] = {"metric": "", "labels": "", "value": None, "calm_value": None, "limit": 90.0}
COUNTER: dict[str, Any] = {"metric": "system.paging.faults", "labels": "type=major", "value": 812.0, "limit": 500.0}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "◆ Disk used on /data, 97%, limit 95%"),
        ({"level": "warning", "state": "acknowledged"}, "▲ Disk used on /data, 97%, limit 95%, acknowledged"),
        ({"level": "info", "suppressed_by": ("silence/x",)}, "i Disk used on /data, 97%, limit 95%, silenced"),
        ({"state": "unknown"}, "◆ Disk used on /data, 97%, limit 95%, no samples now"),
        (SILENCE, "◆ Sends no data, limit 90 s"),
        ({**SILENCE, "server_id": "_env:prod", "value": 0.6, "limit": 0.5}, "◆ Servers without data, 60%, limit 50%"),
        ({**COUNTER, "window_function": "rate"}, "◆ Page faults (major), 812 /s, limit 500 /s"),
        ({"metric": "shop.orders", "labels": "", "value": 12.0, "limit": 10.0}, "◆ shop.orders, 12.0, limit 10.0"),
    ],
)
def test_an_alert_on_one_line(changes: dict[str, Any], line: str) -> None:
    assert alert_line(alert(**{"server_id": "a-1", "alert_id": "x", "started_at_ms": NOW, **changes})) == line


@pytest.mark.parametrize(
    ("limit", "calm", "value", "text", "above"),
    [
        (0.95, 0.9499999999999998, 0.97, "just below 95%", True),
        (0.05, 0.05000000000000001, 0.02, "just above 5%", False),
        (0.9, 0.9, 0.95, "at 90%", True),
        (0.9, 0.9, 0.85, "at 90%", False),
        (None, None, None, "", True),
    ],
)
def test_where_it_would_not_have_fired(
    limit: float | None, calm: float | None, value: float | None, text: str, above: bool
) -> None:
    one = alert("a-1", "x", NOW, limit=limit, calm_value=calm, value=value)

    assert (calm_text(one), fires_above(one)) == (text, above)


def test_the_line_of_an_alert_is_of_its_own_series() -> None:
    line = line_of(alert("a-1", "x", NOW))

    assert line is not None
    assert line.choice == Choice("system.filesystem.utilization", ("device=sda", "mountpoint=/data", "type=ext4"))
    assert line.is_comparable
    assert line_of(alert("a-1", "x", NOW, **SILENCE)) is None


@pytest.mark.parametrize(("function", "is_comparable"), [("rate", True), ("delta", False), ("count", False)])
def test_a_counter_is_drawn_as_its_rate(function: str, is_comparable: bool) -> None:
    line = line_of(alert("a-1", "x", NOW, **COUNTER, window_function=function))

    assert line is not None
    assert (line.choice.is_counter, line.unit, line.is_comparable) == (True, "{fault}/s", is_comparable)


def test_a_card_tells_what_since_when_by_which_rule_and_where_it_would_have_been_calm() -> None:
    one = alert("a-1", "x", NOW - 11_760_000, window_function="avg", window_seconds=300.0)

    (card,) = alert_cards([one], NOW, UTC)

    assert (card.key, card.glyph, card.level, card.title) == ("critical", "◆", "Critical", "Disk used on /data")
    assert card.text == "97% (average over 5 min), limit 95%, open for 3 h 16 min"
    assert card.facts == (
        "Since Fri 15 Jan, 04:44:00",
        "would not have fired just below 95%",
        "rule fs_space, version 7 by ann",
    )


def test_a_card_says_why_nobody_is_called() -> None:
    acknowledged = alert("a-1", "x", NOW, state="acknowledged", actor="ann", suppressed_by=("silence/night",))
    silenced = alert("a-1", "x", NOW, suppressed_by=("silence/night",))

    inhibited = alert("a-1", "x", NOW, suppressed_by=("alert/0123456789abcdef",))

    assert [card.facts[-1] for card in alert_cards([acknowledged, silenced, inhibited], NOW, UTC)] == [
        "acknowledged by ann",
        "silenced by silence/night",
        "inhibited by alert/0123456789ab",
    ]
    assert (muted_text(silenced), muted_text(inhibited)) == ("silenced", "inhibited")
    assert muted_text(alert("a-1", "x", NOW)) == ""


def test_the_card_of_a_silence_says_how_long_one_may_be() -> None:
    (card,) = alert_cards([alert("a-1", "x", NOW - 95_000, **SILENCE)], NOW, UTC)

    assert (card.title, card.text) == ("Sends no data", "nothing for longer than 90 s, open for 1 min")
    assert len(card.facts) == 2


def test_the_table_tells_how_long_each_alert_lasted() -> None:
    over = alert("a-1", "x", NOW - 7_200_000, state="resolved", occurred_at_ms=NOW - 3_600_000)

    (row, silent) = alert_rows([over, alert("a-1", "y", NOW - 60_000, **SILENCE)], NOW, UTC)

    assert row == {
        "Since": "Fri 15 Jan, 06:00:00",
        "Lasted": "1 h 00 min",
        "Level": "◆ Critical",
        "What": "Disk used on /data",
        "Value": "97%",
        "Limit": "95%",
        "State": "resolved",
        "Rule": "fs_space, version 7 by ann",
    }
    assert (silent["Value"], silent["Lasted"]) == ("\N{EN DASH}", "60 s")


def test_labels_that_have_no_place_in_words_stand_in_brackets() -> None:
    assert subject(alert("a-1", "x", NOW, metric="system.cpu.utilization", labels="cpu.mode=iowait")) == (
        "CPU share by mode (iowait)"
    )
