from typing import Any

import pytest
from pulsemon import Client
from support.clients import Maker, dropped, values
from support.hostile import Hostile


@pytest.mark.parametrize(
    "name",
    [
        "",
        "shop..a",
        ".shop",
        "9a",
        "shop.ö",
        "shop a",
        "a" * 201,
        "system.cpu.busy",
        "pulsemon.client.series",
        7,
        None,
        b"a",
    ],
)
def test_names_that_are_none_are_refused(make: Maker, name: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = make()
    client.counter(name).add()
    client.count(name)
    client.gauge(name).set(1)
    client.state(name).set("a")
    with client.timer(name):
        pass
    client.event(name, "text")

    assert values(client) == {}
    assert dropped(client) == {"invalid": 6}
    assert len(client._registry) == 0


@pytest.mark.parametrize(
    "labels", [{"a b": 1}, {"instance": "x"}, {"": 1}, {"x": Hostile()}, {f"k{n}": n for n in range(17)}]
)
def test_labels_that_are_none_are_refused(make: Maker, labels: dict[str, Any]) -> None:
    client = make()
    client.counter("shop.a", **labels).add()
    client.count("shop.a", **labels)
    assert values(client) == {}
    assert dropped(client) == {"invalid": 2}


def test_labels_are_texts_in_any_order(client: Client) -> None:
    client.count("shop.a", x=1, y="b")
    client.count("shop.a", y="b", x="1")
    client.count("shop.a", x=True, y="b")
    client.count("shop.a", x=1.0, y="b")
    client.count("shop.long", text="x" * 300)

    assert values(client) == {
        "shop.a{x=1,y=b}": 2,
        "shop.a{x=True,y=b}": 1,
        "shop.a{x=1.0,y=b}": 1,
        f"shop.long{{text={'x' * 200}}}": 1,
    }


def test_a_name_has_one_kind(client: Client) -> None:
    client.count("shop.a.count")
    client.gauge("shop.a.count").set(3)
    client.histogram("shop.a").observe(1)
    client.histogram("shop.b").observe(1)
    client.count("shop.b.p99")
    client.timer("shop.b").observe(1)

    assert values(client)["shop.a.count"] == 1
    assert dropped(client) == {"invalid": 4}


def test_series_beyond_the_bounds_are_dropped_and_counted(make: Maker) -> None:
    client = make(max_series=10, max_label_values=4)
    for number in range(100):
        client.count("shop.users", user=str(number))
    for number in range(20):
        client.counter(f"shop.a{number}").add()

    assert len(values(client)) == 10
    assert dropped(client) == {"cardinality": 96 + 14}
    client.count("shop.users", user="3")
    assert values(client)["shop.users{user=3}"] == 2, "what is known goes on"
    state = client.state("shop.a0.b")
    assert not state.is_kept


def test_handles_are_the_same_for_the_same_labels(client: Client) -> None:
    assert client.counter("shop.a", x=1) is client.counter("shop.a", x="1")
    assert repr(client.counter("shop.a", x=1)) == "<counter shop.a{'x': '1'}>"
