"""A client belongs to the process that made it."""

import copy
import dataclasses
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest
from pulsemon import Client
from pulsemon.testing import MemoryClient
from support.clients import Maker, values


@dataclasses.dataclass
class Settings:
    """What a service keeps together."""

    client: Client
    orders: Any


def things(client: Client) -> list[object]:
    return [
        client,
        client.counter("shop.orders"),
        client.gauge("shop.depth"),
        client.timer("shop.work"),
        client.state("shop.mode"),
        client.exceptions("shop.errors"),
        client.timer("shop.work").time(),
        MemoryClient(),
    ]


def test_copies_of_what_holds_a_client_hold_the_same_client(make: Maker) -> None:
    client = make()
    for thing in things(client):
        assert copy.copy(thing) is copy.deepcopy(thing) is thing
    settings = dataclasses.asdict(Settings(client, client.counter("shop.orders")))
    settings["orders"].add(2)
    assert settings["client"] is client
    assert values(client)["shop.orders"] == 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled_and_says_what_to_do(make: Maker, protocol: int) -> None:
    client = make(key="pm_secret")
    for thing in things(client):
        with pytest.raises(
            TypeError, match=r"was not pickled: it belongs to the process.*Make a client in each"
        ) as told:
            pickle.dumps({"passed": [thing]}, protocol)
        assert "secret" not in str(told.value)
    client.count("shop.orders")
    assert values(client)["shop.orders"] == 1, "nothing of it has changed"


def test_multiprocessing_cannot_pass_it_either(make: Maker) -> None:
    with pytest.raises(TypeError, match=r"<counter shop\.orders> was not pickled"):
        ForkingPickler.dumps(make().counter("shop.orders"))


def test_a_function_that_is_measured_can_be_passed(make: Maker) -> None:
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    assert doubled(2) == 4


@MemoryClient().timer("shop.work")
def doubled(number: int) -> int:
    """Passed by its name, as every function is."""
    return 2 * number
