"""The Overview's view models when a processor has spoken."""

from typing import Any

import pytest
from pulsemon_sinks.reader.alerts import ServerStatus, Transition
from pulsemon_sinks.reader.servers import Reading, Server
from pulsemon_ui.view_models.attention import ROWS, attention, attention_title, page_of
from pulsemon_ui.view_models.fleet import Fleet, Judgement, groups, make_fleet
from pulsemon_ui.view_models.line_length import line_seconds
from pulsemon_ui.view_models.sentence import sentence
from pulsemon_ui.view_models.small_lines import scaled, wanted_lines, with_newest
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.strip import ranking
from support.fleets import alert, server

NOW = 1_800_000_000_000
HOUR_MS = 3_600_000
SILENCE: dict[str, Any] = {"metric": "", "labels": "", "value": None, "calm_value": None, "limit": 90.0}
BUSY: dict[str, Any] = {"metric": "system.cpu.busy", "labels": ""}


def judged(
    servers: list[Server], words: dict[str, str], alerts: list[Transition], judged_ms: int | None = NOW - 3_000
) -> Fleet:
    states = {one: ServerStatus(one, word, "ok", NOW - HOUR_MS, NOW, "", {}) for one, word in words.items()}
    readings = (Reading(0.5, "", NOW), Reading(0.3, "", NOW), Reading(0.4, "mountpoint=/data", NOW), None)
    return make_fleet(
        servers, {one.server_id: readings for one in servers}, NOW, NOW, Judgement(states, alerts, judged_ms)
    )


def some(*names: str) -> list[Server]:
    return [server(name, NOW - 1_000) for name in names]


def words(fleet: Fleet) -> str:
    return "".join(part.text for part in sentence(fleet))


def test_the_sentence_counts_who_needs_attention_and_names_the_oldest_critical() -> None:
    servers = [*some("db-1", "db-2", "web-1", "web-2"), server("web-3", NOW - 200_000)]
    alerts = [
        alert("db-2", "a", NOW - 11_760_000),
        alert("db-1", "b", NOW - 600_000),
        alert("web-1", "c", NOW - 5 * HOUR_MS, level="warning"),
    ]
    fleet = judged(servers, {"db-1": "critical", "db-2": "critical", "web-1": "warning", "web-2": "ok"}, alerts)

    assert words(fleet) == (
        "◆ 4 of 5 servers need attention. Oldest critical: db-2, disk used on /data above 95% for 3 h 16 min. "
        "1 new in the last hour. No data from web-3."
    )
    assert sentence(fleet)[0].tone == "critical"


def test_warnings_alone_are_told_as_warnings() -> None:
    fleet = judged(some("a-1", "a-2"), {"a-1": "warning"}, [alert("a-1", "a", NOW - 90_000, level="warning", **BUSY)])

    assert words(fleet).startswith("▲ 1 of 2 servers needs attention. Warning: a-1, CPU busy above 95% for 1 min.")
    assert sentence(fleet)[0].tone == "warning"


def test_a_limit_below_is_told_as_below() -> None:
    low = {"metric": "system.memory.available.ratio", "labels": "", "value": 0.02, "limit": 0.05, "calm_value": 0.0501}
    fleet = judged(some("a-1"), {"a-1": "critical"}, [alert("a-1", "a", NOW - 90_000, **low)])

    assert "memory available share below 5% for" in words(fleet)


def test_all_is_well_only_where_rules_are_judged() -> None:
    servers = some("a-1", "a-2")
    assert words(judged(servers, {"a-1": "ok", "a-2": "ok"}, [])).startswith("● All 2 servers are within limits.")
    assert words(judged(servers, {}, [], judged_ms=None)).startswith("● All 2 servers send data.")
    assert words(judged(servers[:1], {"a-1": "ok"}, [])).startswith("● The server is within limits.")
    assert words(judged(servers, {"a-1": "ok", "a-2": "maintenance"}, [])).startswith("● 1 server is within limits.")


def test_a_processor_that_stands_still_is_told() -> None:
    fleet = judged(some("a-1"), {"a-1": "critical"}, [alert("a-1", "a", NOW - HOUR_MS)], judged_ms=NOW - 600_000)

    assert "No rule has been judged for 10 min: alerts are the last ones known." in words(fleet)


def test_info_leaves_a_server_ok_and_stands_below_what_calls() -> None:
    alerts = [alert("a-1", "note", NOW, level="info"), alert("a-2", "a", NOW, level="warning")]
    fleet = judged([*some("a-1", "a-2"), server("a-3", NOW - 200_000)], {"a-1": "ok", "a-2": "warning"}, alerts)

    assert fleet.counts()[Status.OK] == 1
    assert [row.key for row in attention(fleet)][:3] == ["warning", "silent", "info"]


def test_alerts_come_by_level_and_age_and_muted_ones_after_silent_servers() -> None:
    alerts = [
        alert("a-1", "young", NOW - 60_000),
        alert("a-1", "old", NOW - HOUR_MS, **BUSY),
        alert("a-2", "mild", NOW - 2 * HOUR_MS, level="warning"),
        alert("a-3", "held", NOW - 3 * HOUR_MS, state="acknowledged"),
    ]
    fleet = judged([*some("a-1", "a-2", "a-3"), server("a-4", NOW - 200_000)], {}, alerts)

    rows = attention(fleet)

    assert [(row.key, row.server_id, row.note) for row in rows[:5]] == [
        ("critical", "a-1", "limit 95%"),
        ("critical", "a-1", "limit 95%"),
        ("warning", "a-2", "limit 95%"),
        ("silent", "a-4", ""),
        ("critical", "a-3", "acknowledged"),
    ]
    assert [row.age for row in rows[:2]] == ["1 h 00 min", "60 s"]
    assert attention_title(rows) == (
        "Needs attention",
        "Open alerts, then silent servers, then the highest shares in use",
    )


def test_a_silence_with_an_alert_is_told_once() -> None:
    fleet = judged([server("a-1", NOW - 200_000), *some("a-2")], {"a-1": "down"}, [alert("a-1", "a", NOW, **SILENCE)])

    rows = [row for row in attention(fleet) if row.server_id == "a-1"]

    assert [(row.key, row.about, row.value, row.note) for row in rows] == [
        ("critical", "Sends no data", "", "limit 90 s")
    ]


def test_what_an_alert_tells_is_not_worth_another_row() -> None:
    fleet = judged(some("a-1"), {}, [alert("a-1", "a", NOW)])

    assert [row.about for row in attention(fleet)] == ["Disk used on /data", "CPU busy", "Memory used"]


def test_there_are_never_more_rows_than_fit() -> None:
    names = [f"a-{number}" for number in range(20)]

    assert len(attention(judged(some(*names), {}, [alert(name, name, NOW) for name in names]))) == ROWS


def test_a_calm_fleet_has_an_honest_title() -> None:
    assert attention_title(attention(judged(some("a-1"), {"a-1": "ok"}, [])))[0] == "Worth a look"


@pytest.mark.parametrize(("age", "length"), [(60, 3600), (3600, 10_800), (20_000, 43_200), (900_000, 86_400)])
def test_a_line_begins_before_its_trouble(age: float, length: int) -> None:
    assert line_seconds(age) == length


def test_each_line_has_its_own_window_and_the_value_is_the_newest_of_it() -> None:
    rows = attention(judged(some("a-1"), {}, [alert("a-1", "a", NOW - 7_200_000)]))
    lines = wanted_lines(rows, NOW)

    assert [line.window.step_seconds for line in lines] == [180, 180, 180]
    assert lines[0].choice.having == ("device=sda", "mountpoint=/data", "type=ext4")
    assert [value for _, _, value in with_newest(rows, {0: [0.9, 0.96, None]})] == ["96%", "50%", "30%"]
    assert [value for _, _, value in with_newest(rows, {})] == ["97%", "50%", "30%"]


def test_a_line_and_its_limit_share_one_scale() -> None:
    share = attention(judged(some("a-1"), {}, [alert("a-1", "a", NOW)]))[0]
    load = {"metric": "system.load.per_cpu", "labels": "window=5m", "value": 8.0, "limit": 4.0}
    above_one = attention(judged(some("a-1"), {}, [alert("a-1", "a", NOW, **load)]))[0]

    assert scaled(share, [0.9, None]) == ([0.9, None], 0.95)
    line, limit = scaled(above_one, [8.0, 4.0])
    assert line[1] == limit == pytest.approx(0.435)


def test_an_environment_as_a_whole_comes_first() -> None:
    wide = alert("_env:prod", "wide", NOW - 120_000, **{**SILENCE, "value": 0.6, "limit": 0.5})
    fleet = judged(some("a-1"), {"a-1": "critical"}, [alert("a-1", "a", NOW - HOUR_MS), wide])

    assert words(fleet).startswith("◆ 60% of the servers in prod have sent nothing for 2 min. ◆ 1 of 1 server needs")
    row = attention(fleet)[0]
    assert (row.name, row.about, row.value, row.note) == ("prod", "Servers without data", "60%", "limit 50%")
    assert page_of(row) == "/?env=prod"
    assert fleet.only({"environment": "prod"}).wide == (wide,)
    assert fleet.only({"environment": "staging"}).wide == ()


def test_the_address_of_a_server_is_safe_whatever_its_id() -> None:
    rows = attention(judged(some("a&b/c"), {}, [alert("a&b/c", "a", NOW)]))

    assert page_of(rows[0]) == "/server?id=a%26b%2Fc"


def test_tiles_tell_their_alerts_and_the_worst_group_comes_first() -> None:
    servers = [*some("web-1", "web-2"), server("cache-1", NOW - 200_000)]
    fleet = judged(servers, {"web-2": "critical"}, [alert("web-2", "a", NOW)])

    made = groups(fleet, "role", "status", frozenset())

    assert [(group.name, group.count) for group in made] == [("web", "1 of 2"), ("cache", "1 of 1")]
    first = made[0].tiles[0]
    assert (first.server_id, first.status, first.text) == ("web-2", "critical", "◆")
    assert first.lines[:2] == ("Critical for 1 h 00 min", "◆ Disk used on /data, 97%, limit 95%")


def test_bars_are_coloured_only_where_an_alert_is_about_them() -> None:
    fleet = judged(some("a-1", "a-2"), {}, [alert("a-1", "a", NOW, level="warning", **BUSY)])

    assert [(one.server_id, one.level) for one in ranking(fleet, "cpu")] == [("a-1", "warning"), ("a-2", "")]
    assert {one.level for one in ranking(fleet, "memory")} == {""}
