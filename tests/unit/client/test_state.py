from typing import Any

import pytest
from pulsemon import Client
from support.clients import dropped, values
from support.hostile import Hostile


def test_a_state_is_one_of_its_series(client: Client) -> None:
    state = client.state("shop.breaker", states=("closed", "open"))
    assert values(client) == {}
    state.set("open")
    assert values(client) == {"shop.breaker{state=closed}": 0, "shop.breaker{state=open}": 1}
    client.state("shop.breaker").set("half_open")
    assert values(client)["shop.breaker{state=half_open}"] == 1
    assert sum(values(client).values()) == 1


def test_states_are_bounded(client: Client) -> None:
    for number in range(50):
        client.state("shop.s").set(f"s{number}")
    assert len(values(client)) == 32
    assert dropped(client) == {"cardinality": 18}


def test_a_text_is_one_state(client: Client) -> None:
    client.state("shop.s", states="open").set("open")
    assert values(client) == {"shop.s{state=open}": 1}


@pytest.mark.parametrize("wrong", [None, 7, Hostile(), (name for name in ["a", Hostile()])])
def test_what_is_no_list_of_states_is_counted_and_never_raised(client: Client, wrong: Any) -> None:
    client.state("shop.s", states=wrong).set("open")
    assert values(client)["shop.s{state=open}"] == 1
    assert dropped(client) == {"invalid": 1}
