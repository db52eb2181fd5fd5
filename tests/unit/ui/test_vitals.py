import pytest
from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.errors import TransientError
from pulsemon_ui.data import Dashboard
from pulsemon_ui.vitals import PREFIX, Vitals
from support.fleets import FakeRepository


def values(vitals: Vitals) -> dict[str, float]:
    return {one.name.removeprefix(f"{PREFIX}."): one.value for one in vitals.samples()}


def test_the_names_are_those_of_the_catalogue() -> None:
    listed = {one.name.removeprefix(f"{PREFIX}.") for one in METRICS if one.name.startswith(f"{PREFIX}.")}
    assert values(Vitals()).keys() == listed


def test_questions_and_those_without_an_answer_are_counted() -> None:
    repository = FakeRepository()
    dashboard = Dashboard(repository)
    assert dashboard.ask("servers", repository.servers).value
    repository.is_away = True
    assert dashboard.ask("servers", repository.servers).failed_seconds is not None
    told = values(dashboard.vitals)
    assert (told["queries"], told["query.errors"]) == (2.0, 1.0)
    assert told["query.duration"] > 0.0
    assert values(dashboard.vitals)["query.duration"] == 0.0, "the longest time is told once"


def test_a_refresh_counts_also_when_it_fails_and_a_viewer_until_the_page_is_closed() -> None:
    vitals = Vitals()
    with pytest.raises(TransientError), vitals.refreshing():
        raise TransientError("away", 1.0)
    with vitals.viewing(), vitals.viewing():
        assert values(vitals)["viewers"] == 2.0
    told = values(vitals)
    assert (told["viewers"], told["refreshes"], told["query.errors"]) == (0.0, 1.0, 0.0)
