from pulsemon import Client
from support.clients import dropped, values

NAN = float("nan")


def test_a_gauge_says_the_last_value_until_it_is_cleared(client: Client) -> None:
    gauge = client.gauge("shop.depth")
    assert values(client) == {}
    gauge.set(3)
    client.set("shop.depth", 4.5)
    assert values(client) == {"shop.depth": 4.5}
    gauge.clear()
    assert values(client) == {}


def test_functions_are_asked_at_each_flush(client: Client) -> None:
    numbers = iter([1, 2, NAN])
    client.gauge("shop.entries").set_function(lambda: next(numbers))
    client.counter("shop.hits").set_function(lambda: 41)
    client.up_down("shop.pool").set_function(lambda: -3)

    assert values(client) == {"shop.entries": 1, "shop.hits": 41, "shop.pool": -3}
    assert values(client)["shop.entries"] == 2
    assert "shop.entries" not in values(client), "nan is no value"
    assert "shop.entries" not in values(client), "and an exception none either"
    assert dropped(client) == {"invalid": 2}
