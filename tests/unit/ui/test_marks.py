from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from pulsemon_schemas.rules import Rule, Scope, default_rules
from pulsemon_sinks.reader.choice import Window
from pulsemon_ui.charts.fleet_charts import opened_spec, ranking_spec
from pulsemon_ui.charts.palette import DARK, LIGHT
from pulsemon_ui.charts.server_marks import mark_series
from pulsemon_ui.view_models.marks import Limit, Marks, Start, marks_of
from pulsemon_ui.view_models.metrics import CPU, DISK, DISK_BUSY, IO_WAIT, NETWORK_IN, SETS, Measure, gauge
from pulsemon_ui.view_models.panels import Panel, panels
from pulsemon_ui.view_models.strip import Ranked
from support.fleets import alert, server

NOW = 1_800_000_000_000
WARN, CRIT = Limit("warning", 0.85, True, False), Limit("critical", 0.95, True, False)


def marks(measure: Measure, rules: tuple[Rule, ...] = default_rules(), alerts: Any = ()) -> Marks:
    (found,) = marks_of([measure], server("db-1", NOW, labels={"tier": "gold"}), rules, alerts)
    return found


def limits(measure: Measure, rules: tuple[Rule, ...] = default_rules()) -> list[tuple[str, float, bool]]:
    return [(limit.level, limit.value, limit.fires_above) for limit in marks(measure, rules).limits]


def measure_of(set_title: str, title: str) -> Measure:
    return next(one for one in SETS[set_title] if one.title == title)


def panel(value: float, found: Marks) -> Panel:
    (made,) = panels((DISK,), {"a0": [value], "lo0": [value], "hi0": [value]}, [found])
    return made


def test_the_limits_are_those_of_the_rule_that_judges_the_series() -> None:
    assert limits(DISK) == [("warning", 0.85, True), ("critical", 0.95, True)]
    assert limits(IO_WAIT) == [("warning", 0.3, True)]
    assert limits(measure_of("Memory", "Available")) == [("warning", 0.1, False), ("critical", 0.05, False)]
    assert limits(measure_of("Memory", "Major page faults")) == [("warning", 500.0, True)]


def test_what_no_limit_judges_has_none() -> None:
    assert limits(DISK_BUSY) == []  # info is no line
    assert limits(NETWORK_IN) == []


def test_a_composite_draws_its_limits_where_its_lead_is_shown_alone() -> None:
    assert limits(CPU) == [("warning", 0.9, True), ("critical", 0.95, True)]
    available = gauge("Available", "By", "system.filesystem.available")  # fs_space is led by the share that is used
    assert limits(available) == []
    entries = gauge("Connections", "{entry}", "system.network.conntrack.count")  # judged as a share of the most
    assert limits(entries) == []


def test_the_narrowest_scope_draws_its_limits() -> None:
    space = next(rule for rule in default_rules() if rule.id == "fs_space")
    narrow = replace(space, id="gold", scope=Scope("labels", "", {"tier": "gold"}), levels=space.levels[1:])
    elsewhere = replace(space, id="else", scope=Scope("server", "web-1"), levels=())

    assert limits(DISK, (*default_rules(), narrow, elsewhere)) == [("critical", 0.95, True)]
    assert limits(DISK, (*default_rules(), replace(narrow, enabled=False))) == limits(DISK)


def test_alerts_of_the_series_mark_their_start_and_the_limit_they_crossed() -> None:
    about = [alert("db-1", "a", NOW - 60_000), alert("db-1", "b", NOW - 9_000_000, state="resolved", level="warning")]
    others = [alert("db-1", "c", NOW, metric="system.cpu.busy", labels=""), alert("db-1", "d", NOW, level="info")]

    found = marks(DISK, alerts=[*about, *others])

    assert found.starts == (Start("critical", NOW - 60_000), Start("warning", NOW - 9_000_000))
    assert [limit.is_crossed for limit in found.limits] == [False, True]


def test_alerts_of_another_series_of_the_metric_are_not_marked() -> None:
    steal = {"metric": "system.cpu.utilization", "labels": "cpu.mode=steal"}

    assert marks(IO_WAIT, alerts=[alert("db-1", "a", NOW, **steal)]).starts == ()


def test_a_near_limit_stretches_the_axis_and_a_far_one_is_left_out() -> None:
    near, far = panel(0.5, Marks((WARN, CRIT))), panel(0.1, Marks((WARN, CRIT)))

    assert (near.top, [limit.value for limit in near.limits]) == (100.0, [85.0, 95.0])
    assert (far.top, far.limits) == (15.0, ())
    assert panel(0.1, Marks((replace(CRIT, is_crossed=True),))).top == 100.0


def test_limits_and_starts_are_drawn_with_glyphs_in_their_panel() -> None:
    calm, crossed = panel(0.5, Marks()), panel(0.97, Marks((WARN, CRIT), (Start("critical", NOW),)))

    (series,) = mark_series([calm, crossed], LIGHT)

    assert (series["xAxisIndex"], series["yAxisIndex"], series["data"]) == (1, 1, [])
    lines: list[dict[str, Any]] = series["markLine"]["data"]  # type: ignore[index]
    assert [(one.get("yAxis"), one.get("xAxis"), one["lineStyle"]["type"]) for one in lines] == [
        (85.0, None, "dashed"),
        (95.0, None, "solid"),
        (None, NOW, "dotted"),
    ]
    assert [one["label"]["formatter"] for one in lines] == ["▲ 85", "◆ 95", "◆"]
    assert lines[0]["label"]["position"] != lines[1]["label"]["position"]
    bands = series["markArea"]["data"]  # type: ignore[index]
    assert [[end["yAxis"] for end in band] for band in bands] == [[85.0, 95.0], [95.0, 100.0]]


def test_a_limit_below_reaches_down() -> None:
    low = Limit("critical", 0.05, False, False), Limit("warning", 0.1, False, False)
    (series,) = mark_series([panel(0.5, Marks(low))], DARK)

    bands = series["markArea"]["data"]  # type: ignore[index]
    assert [[end["yAxis"] for end in band] for band in bands] == [[5.0, 0.0], [10.0, 5.0]]


@pytest.mark.parametrize(
    ("level", "colour"), [("critical", LIGHT.critical), ("warning", LIGHT.warning), ("", LIGHT.bar)]
)
def test_a_bar_has_the_colour_and_the_glyph_of_its_alert(level: str, colour: str) -> None:
    spec: Any = ranking_spec([Ranked("a-1", "a-1", 0.97, "97%", level)], 1.0, LIGHT)

    (bar,) = spec["series"][0]["data"]
    assert bar["itemStyle"]["color"] == colour
    assert bar["label"]["formatter"] == {"critical": "97% ◆", "warning": "97% ▲", "": "97%"}[level]


def test_opened_alerts_are_stacked_by_level() -> None:
    table = pa.Table.from_pylist(
        [{"x": 0.0, "critical": 1.0, "warning": 4.0}, {"x": 21_600_000.0, "critical": 0.0, "warning": 2.0}]
    )

    spec: Any = opened_spec(table, Window(0, 43_200_000, 21_600), LIGHT)

    assert [one["name"] for one in spec["series"]] == ["◆ critical", "▲ warning"]
    assert spec["series"][0]["data"] == [[10_800_000.0, 1.0], [32_400_000.0, 0.0]]
    assert spec["yAxis"]["max"] == 5.0
