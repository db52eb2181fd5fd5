"""Both pages over the real engine, read with the login that may only read."""

import json
import time
from collections.abc import Iterator

import pytest
from pulsemon_sinks.reader.reader import Reader
from pulsemon_ui import serve
from pulsemon_ui.data import Dashboard, install
from streamlit.testing.v1 import AppTest
from support.alerts import state, transition
from support.clickhouse import Engine
from support.stored_alerts import StoredAlerts
from support.stored_fleet import StoredFleet

pytestmark = pytest.mark.clickhouse


def server_script() -> None:
    from pulsemon_ui.pages.server import show

    show()


@pytest.fixture
def stored(clickhouse: Engine) -> Iterator[None]:
    """Two servers with an hour of data; one of them stopped ten minutes ago."""
    fleet = StoredFleet(clickhouse.fresh_database())
    fleet.register("web-1", environment="prod", region="eu", role="web", name="Web one")
    now = time.time() // 10 * 10
    for server_id, last in (("web-1", now), ("web-2", now - 600)):
        values = {("system.cpu.busy", ""): 0.25, ("system.filesystem.utilization", "mountpoint=/"): 0.5}
        fleet.batches(server_id, [(last - 60 * step, values) for step in range(60)])
    reader = Reader(clickhouse.reader_of(fleet.settings))
    install(Dashboard(reader))
    yield
    reader.close()
    fleet.close()
    clickhouse.drop(fleet.settings)


@pytest.mark.usefixtures("stored")
def test_the_overview_tells_what_the_store_holds() -> None:
    test = AppTest.from_file(str(serve.SCRIPT)).run(timeout=20)

    assert not test.exception
    headline = json.loads(test.get("bidi_component")[0].proto.json)
    assert "1 of 2 servers sends no data. web-2, for" in "".join(part["text"] for part in headline["parts"])
    assert len(test.get("echarts_chart")) == 3


@pytest.fixture
def judged(clickhouse: Engine) -> Iterator[None]:
    """One server over a limit, as sink and processor leave it in the store."""
    alerts = StoredAlerts(clickhouse.fresh_database())
    fleet = StoredFleet(alerts.settings)
    now_ms = int(time.time() * 1000)
    fleet.register("web-1", environment="prod", region="eu", role="web", name="Web one")
    fleet.batch("web-1", now_ms / 1000 - 1, {("system.filesystem.utilization", "device=a,mountpoint=/"): 0.97})
    alerts.put(transition(started_at_ms=now_ms - 600_000, occurred_at_ms=now_ms - 600_000, suppressed_by=()))
    alerts.put(state(changed_at_ms=now_ms - 600_000))
    reader = Reader(clickhouse.reader_of(alerts.settings))
    install(Dashboard(reader))
    yield
    reader.close()
    fleet.close()
    alerts.close()
    clickhouse.drop(alerts.settings)


@pytest.mark.usefixtures("judged")
def test_an_alert_in_the_store_is_red_on_both_pages() -> None:
    overview = AppTest.from_file(str(serve.SCRIPT)).run(timeout=20)
    server = AppTest.from_function(server_script)
    server.query_params["id"] = "web-1"
    server.run(timeout=20)

    assert not overview.exception
    assert not server.exception
    found = {one.proto.component_name: json.loads(one.proto.json) for one in overview.get("bidi_component")}
    assert found["pulsemon_ui.fleet_grid"]["groups"][0]["tiles"][0]["status"] == "critical"
    assert found["pulsemon_ui.attention_list"]["rows"][0]["value"] == "97%"
    shown = {one.proto.component_name: json.loads(one.proto.json) for one in server.get("bidi_component")}
    assert shown["pulsemon_ui.alert_cards"]["cards"][0]["title"] == "Disk used on /"
    assert list(server.dataframe[0].value["Rule"]) == ["fs_space, version 7 by ann"]


@pytest.mark.usefixtures("stored")
def test_the_server_page_draws_what_the_store_holds() -> None:
    test = AppTest.from_function(server_script)
    test.query_params["id"] = "web-1"
    test.query_params["range"] = "1h"
    test.query_params["all"] = "true"
    test.run(timeout=20)

    assert not test.exception
    spec = json.loads(test.get("echarts_chart")[0].proto.spec)
    assert [title["text"].split("  ")[0] for title in spec["title"]][::2] == ["CPU busy", "Fullest disk"]
    assert list(test.dataframe[0].value["Now"]) == ["25%", "50%"]
