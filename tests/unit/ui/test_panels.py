import pytest
from pulsemon_sinks.reader.choice import Window
from pulsemon_ui.charts.palette import DARK, LIGHT, palette
from pulsemon_ui.charts.server_panels import PANEL_PIXELS, brush_area, height, panel_spec, panel_table
from pulsemon_ui.view_models.metrics import CPU, DISK, NETWORK_IN, SETS, sets_with
from pulsemon_ui.view_models.panels import panels
from pulsemon_ui.view_models.table import metric_rows
from pulsemon_ui.view_models.timerange import viewer_zone

WINDOW = Window(0, 30_000, 10)


def columns(
    *triples: tuple[list[float | None], list[float | None], list[float | None]],
) -> dict[str, list[float | None]]:
    return {
        f"{name}{index}": values
        for index, one in enumerate(triples)
        for name, values in zip(("a", "lo", "hi"), one, strict=True)
    }


def test_a_panel_is_scaled_to_its_axis() -> None:
    (panel,) = panels((NETWORK_IN,), columns(([2e6, 4e6], [1e6, 3e6], [3e6, 5e6])))

    assert (panel.unit, panel.now) == ("MB/s", "4.00 MB/s")
    assert (panel.middle, panel.low, panel.spread) == ((2.0, 4.0), (1.0, 3.0), (2.0, 2.0))
    assert (panel.top, panel.line) == (6.0, 2.0)


@pytest.mark.parametrize(("largest", "top"), [(0.97, 100), (0.5, 60), (0.011, 1.5), (0.0, 100)])
def test_shares_never_reach_above_the_whole(largest: float, top: float) -> None:
    (panel,) = panels((CPU,), columns(([largest], [largest], [largest])))

    assert panel.top == pytest.approx(top)


def test_a_measure_without_values_has_no_panel() -> None:
    assert [
        panel.title for panel in panels((CPU, NETWORK_IN), columns(([None], [None], [None]), ([1.0], [1.0], [1.0])))
    ] == [NETWORK_IN.title]


def test_only_sets_with_something_to_show_are_offered() -> None:
    assert list(sets_with(frozenset({"system.memory.dirty"}))) == ["Memory"]
    assert sets_with(frozenset()) == {}


def test_no_set_draws_the_same_series_twice() -> None:
    for measures in SETS.values():
        assert len({measure.choice for measure in measures}) == len(measures) == 8


def test_all_panels_share_one_table_and_one_crosshair() -> None:
    made = panels((CPU, NETWORK_IN), columns(*[([0.1, None, 0.3], [0.1, None, 0.3], [0.2, None, 0.3])] * 2))
    table = panel_table([0.0, 10_000.0, 20_000.0], made, viewer_zone("UTC"))
    spec = panel_spec(table, made, WINDOW, LIGHT)

    assert table.column_names == ["x", "when", "m0", "l0", "d0", "m1", "l1", "d1"]
    assert spec["axisPointer"] == {"link": [{"xAxisIndex": "all"}], "lineStyle": {"color": LIGHT.dim}}
    assert "CPU busy" in str(spec["tooltip"])


def test_a_metric_that_is_sent_once_a_minute_is_seen_from_its_first_value() -> None:
    first: list[float | None] = [None, 0.5, *[None] * 8]
    second: list[float | None] = [None, 0.5, *[None] * 5, 0.6, None, None]

    def drawn(values: list[float | None]) -> tuple[list[float | None], list[object]]:
        made = panels((DISK,), columns((values, values, values)), step_seconds=10)
        spec = panel_spec(panel_table([one * 1e4 for one in range(10)], made, viewer_zone("UTC")), made, WINDOW, LIGHT)
        lines = spec["series"]
        assert isinstance(lines, list)
        return list(made[0].middle), [line["data"] for line in lines if line["type"] == "scatter"]

    assert drawn(first) == ([None, 50.0, *[None] * 8], [[[1e4, 50.0]]])
    line, dots = drawn(second)
    assert line[1:8] == pytest.approx([50.0, 51.67, 53.33, 55.0, 56.67, 58.33, 60.0], abs=0.01)
    assert dots == []


def test_what_reads_a_drag_knows_where_the_panels_lie() -> None:
    area = brush_area(8, WINDOW, columns=2)

    assert area["left_share"] == pytest.approx(0.036)
    assert area["width_share"] == pytest.approx(0.5 - 0.036 - 0.016)
    assert (height(8, 2), height(8, 1)) == (4 * PANEL_PIXELS + 8, 8 * PANEL_PIXELS + 8)


def test_charts_know_both_themes() -> None:
    assert (palette("dark"), palette("light"), palette(None)) == (DARK, LIGHT, LIGHT)


def test_metrics_of_a_service_keep_their_own_names() -> None:
    row = {"labels": "a=1,b=2", "now": 0.5, "low": 0.1, "high": 1.0, "spark": [0.1, 0.5]}
    known, own = metric_rows([{**row, "name": "system.cpu.busy"}, {**row, "name": "shop.orders"}])

    assert (known["Metric"], known["Now"]) == ("CPU busy", "50%")
    assert (own["Metric"], own["Series"]) == ("shop.orders", "a=1  b=2")
