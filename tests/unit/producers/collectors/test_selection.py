import pytest
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.builtin import GROUPS, built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_producers.selection import select, unknown_patterns
from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings
from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import load


def names_on(enable: tuple[str, ...] = (), disable: tuple[str, ...] = ()) -> set[str]:
    return {metric.name for metric in select(METRICS, enable, disable) if metric.default_on}


def test_without_patterns_the_catalogue_decides() -> None:
    assert names_on() == {metric.name for metric in METRICS if metric.default_on}


def test_patterns_add_and_take_away_and_taking_away_wins() -> None:
    assert names_on(enable=("system.cpu.logical.*",)) - names_on() == {
        "system.cpu.logical.time",
        "system.cpu.logical.busy",
        "system.cpu.logical.frequency",
    }
    assert names_on() - names_on(disable=("system.disk.await",)) == {"system.disk.await"}
    assert "system.disk.merged" not in names_on(enable=("system.disk.merged",), disable=("system.disk.*",))


def test_a_pattern_that_fits_nothing_is_a_mistake() -> None:
    assert unknown_patterns(METRICS, ["system.cpu.bussy", "system.*", "*.pressure"]) == [
        "system.cpu.bussy",
        "*.pressure",
    ]
    with pytest.raises(SettingsError, match=r"no metric is named system\.cpu\.bussy"):
        load(AgentSettings, ENVIRONMENT_PREFIX, {"PULSEMON_AGENT_DISABLE": "system.cpu.bussy, system.cpu.busy"})


@pytest.mark.parametrize("count", ["-1", "101"])
def test_rankings_have_a_limit(count: str) -> None:
    with pytest.raises(SettingsError, match="top_processes must be from 0 to 100"):
        load(AgentSettings, ENVIRONMENT_PREFIX, {"PULSEMON_AGENT_TOP_PROCESSES": count})


def test_a_watch_needs_a_name() -> None:
    with pytest.raises(SettingsError, match=r"write NAME=PATTERN, not =\*java\*"):
        load(AgentSettings, ENVIRONMENT_PREFIX, {"PULSEMON_AGENT_WATCH_PROCESSES": "nginx, =*java*"})


def test_a_collector_without_metrics_is_not_started() -> None:
    names = [one.name for one in built_in(Host(), AgentSettings("web-1", disable=("container.*", "hw.*")))]

    assert {kind.name for kind in GROUPS} - set(names) == {"container", "sensor"}


def test_what_is_off_is_not_even_looked_up() -> None:
    tick = Tick(0, None, "boot", metric_intervals_ms(METRICS, 10_000), frozenset({"system.cpu.logical.time"}))

    assert not tick.wants("system.cpu.logical.time")
    assert tick.wants("system.cpu.time")
