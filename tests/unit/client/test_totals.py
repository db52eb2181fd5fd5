import threading
from decimal import Decimal
from fractions import Fraction

from pulsemon import Client
from support.clients import dropped, values


def test_a_counter_adds_up_and_begins_at_zero(client: Client) -> None:
    counter = client.counter("shop.orders", channel="web")
    assert values(client) == {"shop.orders{channel=web}": 0}

    counter.add()
    counter.add(2)
    counter.add(0.5)
    client.count("shop.orders", channel="web")
    client.count("shop.orders", Decimal("1.5"), channel="web")
    client.count("shop.orders", Fraction(1, 2), channel="web")

    assert values(client) == {"shop.orders{channel=web}": 6.5}
    assert values(client) == {"shop.orders{channel=web}": 6.5}, "a total, not what came since"


def test_an_up_down_counts_what_is_inside(client: Client) -> None:
    active = client.up_down("shop.active")
    with active, active:
        assert values(client) == {"shop.active": 2}
    active.add(-4)
    assert values(client) == {"shop.active": -4}


def test_sixteen_threads_lose_nothing(client: Client) -> None:
    counter, active, sizes = client.counter("shop.a"), client.up_down("shop.u"), client.histogram("shop.h")
    calls = 20_000
    reads = []

    def work() -> None:
        for _ in range(calls):
            counter.add()
            active.add(-1)
            sizes.observe(2)
            client.count("shop.c", route="/x")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reads.append(values(client).get("shop.a", 0))
    for thread in threads:
        thread.join()
    found = values(client)

    assert (found["shop.a"], found["shop.u"], found["shop.h.count"]) == (16 * calls, -16 * calls, 16 * calls)
    assert found["shop.c{route=/x}"] == 16 * calls
    assert reads == sorted(reads), "a total never falls, however it is read"
    assert dropped(client) == {}
