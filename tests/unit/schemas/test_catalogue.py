import csv
import re
from importlib import resources

import pytest
from pulsemon_schemas import catalogue
from pulsemon_schemas.catalogue import METRICS, Metric, headline_names, metric, names_of_group

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
UNITS = {"1", "s", "By", "By/s", "Hz", "bit", "bit/s", "Cel", "rpm"}
GROUPS = {
    *("cpu", "load", "memory", "swap", "pressure", "filesystem", "disk", "network", "tcp"),
    *("processes", "process", "service", "container", "sensor", "raid", "clock", "uptime", "host"),
    *("agent", "pipeline"),
}
GROUPS |= {"probe", "scrape", "textfile", "client", "application"}


def test_every_row_is_one_metric() -> None:
    text = resources.files("pulsemon_schemas.catalogue").joinpath("metrics.csv").read_text()
    names = [row["name"] for row in csv.DictReader(text.splitlines())]

    assert len(names) == len(set(names)) == len(METRICS)


@pytest.mark.parametrize("found", METRICS, ids=lambda found: found.name)
def test_a_metric_says_all_that_a_reader_needs(found: Metric) -> None:
    assert NAME.fullmatch(found.name)
    assert found.group in GROUPS
    assert found.instrument in {"counter", "gauge", "updown"}
    assert found.origin in {"otel", "otel_receiver", "own"}
    assert found.unit in UNITS or re.fullmatch(r"\{[a-z_]+\}", found.unit)
    assert found.source
    assert 1 <= found.interval_seconds <= 3600
    assert found.title == found.title.strip() != ""
    assert len(found.title) <= 32
    assert re.fullmatch(r"[A-Z0-9][^.]*\.", found.description), "one sentence"


def test_titles_tell_metrics_apart() -> None:
    assert len({found.title for found in METRICS}) == len(METRICS)


def test_counters_have_rates_where_charts_need_them() -> None:
    for name in ("system.disk.io", "system.network.io"):
        rate = metric(f"{name}.rate")
        assert metric(name).is_counter
        assert (rate.instrument, rate.unit, rate.origin) == ("gauge", "By/s", "own")
        assert rate.attributes == metric(name).attributes


def test_headlines_are_a_dozen_gauges_and_the_drops() -> None:
    found = headline_names()

    assert 12 <= len(found) <= 16
    assert {"system.cpu.busy", "system.memory.available.ratio", "system.filesystem.utilization"} <= set(found)
    assert [name for name in found if metric(name).is_counter] == ["pulsemon.agent.dropped"]


def test_attributes_have_their_values() -> None:
    assert metric("system.disk.io").attributes == {"device": (), "direction": ("read", "write")}
    assert metric("system.cpu.busy").attributes == {}


def test_groups_and_unknown_names() -> None:
    assert names_of_group("load")[0] == "system.cpu.load_average.1m"
    assert {found.group for found in METRICS} == GROUPS
    with pytest.raises(KeyError):
        metric("system.cpu.unknown")
    with pytest.raises(AttributeError):
        _ = catalogue.NOTHING
