"""Both pages run as Streamlit runs them, over a small fleet without a store."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pulsemon_ui import serve
from pulsemon_ui.data import Dashboard, install
from streamlit.testing.v1 import AppTest
from support.fleets import FakeRepository, alert, trouble

RUN_SECONDS = 20


def server_script() -> None:
    from pulsemon_ui.pages.frame import frame
    from pulsemon_ui.pages.server import show

    frame()
    show()


@pytest.fixture
def repository() -> FakeRepository:
    made = FakeRepository()
    install(Dashboard(made))
    return made


@pytest.fixture
def overview(repository: FakeRepository) -> Callable[..., AppTest]:
    """Runs the whole application at ``/`` with these words in the URL."""

    def run(**query: str) -> AppTest:
        return _run(AppTest.from_file(str(serve.SCRIPT)), query)

    return run


@pytest.fixture
def server(repository: FakeRepository) -> Callable[..., AppTest]:
    """Runs the Server page with these words in the URL."""

    def run(**query: str) -> AppTest:
        return _run(AppTest.from_function(server_script), query)

    return run


def _run(test: AppTest, query: dict[str, str]) -> AppTest:
    for name, value in query.items():
        test.query_params[name] = value
    test.run(timeout=RUN_SECONDS)
    assert not test.exception, test.exception
    return test


def component(test: AppTest, name: str) -> dict[str, object]:
    """What the page sent to one of our components."""
    found = [one.proto for one in test.get("bidi_component") if one.proto.component_name == f"pulsemon_ui.{name}"]
    assert found, f"the page has no {name}"
    answer: dict[str, object] = json.loads(found[0].json)
    return answer


def chart(test: AppTest, index: int = 0) -> dict[str, object]:
    """The options of a chart."""
    spec: dict[str, object] = json.loads(test.get("echarts_chart")[index].proto.spec)
    return spec


def tile_names(test: AppTest) -> set[str]:
    groups = component(test, "fleet_grid")["groups"]
    assert isinstance(groups, list)
    return {tile["server_id"] for group in groups for tile in group["tiles"]}


def test_the_overview_shows_every_server(overview: Callable[..., AppTest]) -> None:
    test = overview()

    assert tile_names(test) == {"web-1", "web-2", "db-1", "cache-1", "queue-1", "evil-1"}
    assert len(test.get("echarts_chart")) == 3
    assert len(component(test, "key_figures")["figures"]) == 6  # type: ignore[arg-type]


def test_the_sentence_says_who_is_silent(overview: Callable[..., AppTest]) -> None:
    parts = component(overview(), "headline")["parts"]

    assert isinstance(parts, list)
    assert "1 of 6 servers sends no data. cache-1, for 60 min" in "".join(part["text"] for part in parts).replace(
        "1 h 00 min", "60 min"
    )


def test_filters_come_from_the_url(overview: Callable[..., AppTest]) -> None:
    assert tile_names(overview(env="staging")) == {"db-1"}
    assert tile_names(overview(region="eu-west")) == {"web-2"}
    assert tile_names(overview(role="web", status="ok")) == {"web-1", "web-2"}


def test_words_in_the_url_that_are_no_choice_change_nothing(overview: Callable[..., AppTest]) -> None:
    assert len(tile_names(overview(env="moon", status="?", group="x", refresh="-1", top="x"))) == 6


def test_grouping_and_colour_come_from_the_url(overview: Callable[..., AppTest]) -> None:
    groups = component(overview(group="environment", colour="disk"), "fleet_grid")["groups"]

    assert isinstance(groups, list)
    assert [group["name"] for group in groups] == ["prod", "staging"]
    assert {tile["heat"] for group in groups for tile in group["tiles"]} == {0.93, None}


def test_filters_that_match_nothing_offer_to_be_cleared(overview: Callable[..., AppTest]) -> None:
    assert "Clear filters" in [button.label for button in overview(env="staging", status="silent").button]


def test_an_empty_fleet_is_told_how_to_begin(overview: Callable[..., AppTest], repository: FakeRepository) -> None:
    repository.servers_of = lambda _: ()

    text = " ".join(markdown.value for markdown in overview().markdown)

    assert "Your first server" in text
    assert "Waiting for the first values" in text


def test_a_store_that_was_never_there_is_one_line(overview: Callable[..., AppTest], repository: FakeRepository) -> None:
    repository.is_away = True

    test = overview()

    assert [warning.value for warning in test.warning] == [
        "The store does not answer. There is nothing to show until it answers."
    ]
    assert not test.get("bidi_component")


def test_the_server_page_draws_a_panel_for_each_measure_it_has(server: Callable[..., AppTest]) -> None:
    spec = chart(server(id="db-1"))

    titles = [title["text"] for title in spec["title"]]  # type: ignore[attr-defined]
    assert titles[0].startswith("CPU busy")
    assert len(titles) == 16
    assert component(server(id="db-1"), "server_header")["tags"] == ["staging", "eu-central", "db", "os Debian 12"]


def test_only_sets_with_data_are_offered(server: Callable[..., AppTest]) -> None:
    sets = server(id="db-1").button_group(key="set")

    assert [option.content for option in sets.proto.options] == ["Essentials", "CPU", "Memory", "Disk"]


def test_a_time_in_the_url_is_shown_and_left_again(server: Callable[..., AppTest]) -> None:
    test = server(id="db-1", **{"from": "1700000000", "to": "1700003600"})

    assert chart(test)["xAxis"][0]["min"] == 1_700_000_000_000  # type: ignore[index]
    assert any("14 Nov" in markdown.value for markdown in test.markdown)
    next(button for button in test.button if button.label == "Back to live").click().run(timeout=RUN_SECONDS)
    assert "from" not in test.query_params


def test_all_metrics_are_asked_for_only_when_they_are_opened(server: Callable[..., AppTest]) -> None:
    assert not server(id="db-1").dataframe
    table = server(id="db-1", all="true").dataframe[0].value

    assert list(table["Metric"]) == ["CPU busy", "shop.orders"]


def test_an_unknown_server_shows_one_that_is_known(server: Callable[..., AppTest]) -> None:
    assert component(server(id="no-such"), "server_header")["name"]


def judge(repository: FakeRepository) -> None:
    """A processor speaks: two servers are in trouble."""
    repository.judged_seconds_ago = 2.0
    repository.states = {"web-1": "critical", "db-1": "warning", "web-2": "ok"}
    repository.alerts = trouble(int(repository.now() * 1000))


def test_the_overview_tells_what_is_wrong_where_and_since_when(
    overview: Callable[..., AppTest], repository: FakeRepository
) -> None:
    judge(repository)

    test = overview()

    headline = component(test, "headline")
    text = "".join(part["text"] for part in headline["parts"])  # type: ignore[attr-defined]
    assert text.startswith(
        "◆ 3 of 6 servers need attention. Critical: web-1, disk used on /data above 95% for 20 min. "
        "1 new in the last hour. No data from cache-1."
    )
    chips = {chip["key"]: chip["count"] for chip in headline["chips"]}  # type: ignore[attr-defined]
    assert chips == {"critical": 1, "warning": 1, "silent": 1, "new": 1, "ok": 2}
    rows: Any = component(test, "attention_list")["rows"]
    assert [(row["key"], row["name"], row["note"]) for row in rows[:4]] == [
        ("critical", "web-1", "limit 95%"),
        ("silent", "cache-1", ""),
        ("warning", "db-1", "acknowledged"),
        ("info", "web-2", "limit 0.95"),
    ]
    assert rows[0]["limit"] == 0.95
    assert len(rows[0]["line"]) == 60


def test_a_status_of_the_processor_filters_the_fleet(
    overview: Callable[..., AppTest], repository: FakeRepository
) -> None:
    judge(repository)

    assert tile_names(overview(status="critical,warning")) == {"web-1", "db-1"}


def test_the_server_page_has_a_card_for_each_open_alert_and_a_table_of_all(
    server: Callable[..., AppTest], repository: FakeRepository
) -> None:
    judge(repository)

    test = server(id="web-1")

    assert component(test, "server_header")["words"] == "Critical for 10 min"
    cards: Any = component(test, "alert_cards")["cards"]
    assert [(card["key"], card["title"]) for card in cards] == [("critical", "Disk used on /data")]
    assert list(test.dataframe[0].value["State"]) == ["firing", "resolved"]


def test_limits_and_starts_of_alerts_stand_in_the_panel_of_their_metric(
    server: Callable[..., AppTest], repository: FakeRepository
) -> None:
    judge(repository)

    spec: Any = chart(server(id="web-1"))

    (marks,) = [one for one in spec["series"] if "markLine" in one and one["xAxisIndex"] == 2]
    assert [line.get("yAxis") for line in marks["markLine"]["data"][:2]] == [85.0, 95.0]
    assert marks["markLine"]["data"][2]["xAxis"] == repository.alerts[0].started_at_ms


def test_a_server_without_alerts_has_no_card(server: Callable[..., AppTest]) -> None:
    test = server(id="db-1")

    assert not [one for one in test.get("bidi_component") if one.proto.component_name == "pulsemon_ui.alert_cards"]
    assert "No alerts in 30 days" in " ".join(one.proto.body for one in test.get("html"))


@pytest.mark.parametrize(("hours", "title"), [(5, "Servers that sent data"), (7, "Alerts opened per 6 h, 7 days")])
def test_alerts_are_counted_once_there_is_a_history_of_them(
    overview: Callable[..., AppTest], repository: FakeRepository, hours: int, title: str
) -> None:
    repository.alerts = [alert("web-1", "a", int(repository.now() * 1000) - hours * 3_600_000)]

    assert title in " ".join(one.proto.body for one in overview().get("html"))


def test_a_hostile_name_is_sent_as_text_alone(overview: Callable[..., AppTest]) -> None:
    test = overview()

    assert "<img" not in " ".join(one.proto.body for one in test.get("html"))
    assert any(name == "evil-1" for name in tile_names(test))
