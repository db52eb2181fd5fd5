"""Whatever the arguments are, nothing is raised, and what is dropped is counted and told."""

from decimal import Decimal
from typing import Any

import pytest
from pulsemon import Client
from support.clients import Maker, dropped, values
from support.hostile import Hostile

NAN = float("nan")
INFINITY = float("inf")


@pytest.mark.parametrize("wrong", [-1, NAN, INFINITY, "7", None, 1j, [], {}, object(), Hostile(), Decimal("nan")])
def test_what_is_no_amount_is_counted_and_never_raised(
    make: Maker, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = make()
    client.counter("shop.a").add(wrong)
    client.count("shop.a", wrong)
    client.histogram("shop.h").observe(wrong)
    client.observe("shop.h", wrong)
    client.timer("shop.t").observe(wrong)
    client.counter("shop.a").add(1)
    found = values(client)

    assert (found["shop.a"], found["shop.h.count"], found["shop.t.count"]) == (1, 0, 0)
    assert dropped(client) == {"invalid": 5}
    assert len(caplog.records) == 3, "each instrument says it once"


@pytest.mark.parametrize("wrong", [NAN, INFINITY, -INFINITY, "7", None, [], object(), Hostile(), 10**400])
def test_what_is_no_value_is_counted_and_the_one_before_stays(make: Maker, wrong: Any) -> None:
    client = make()
    client.set("shop.g", wrong)
    client.set("shop.g", 1)
    client.set("shop.g", wrong)
    client.up_down("shop.u").add(wrong)
    client.state("shop.s").set(wrong)
    client.state("shop.s").set("")
    values(client)

    assert values(client)["shop.u"] == 0
    assert dropped(client)["invalid"] >= 4 or wrong == "7"


def test_messages_say_what_is_wrong(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    unhashable: Any = ["shop.a"]
    client.counter(unhashable).add()
    client.gauge("shop.g").set_function(lambda: 1 / 0)
    values(client)
    assert "counter list: a name must be a text" in caplog.text
    assert "the function of shop.g gave ZeroDivisionError 'division by zero'" in caplog.text


def test_who_forgets_the_name_of_a_decorator_has_the_function_called(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    decorate: Any = client.timer
    decorate_too: Any = client.exceptions

    def doubled(value: int) -> int:
        return 2 * value

    assert decorate(decorate_too(doubled))(3) == 6
    assert values(client) == {}
    assert dropped(client) == {"invalid": 2}
    assert "doubled is not measured: timer needs a name" in caplog.text
