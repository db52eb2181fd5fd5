import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pulsemon import Client
from support.clients import Maker, dropped, values

NAN = float("nan")
INFINITY = float("inf")


class Hostile:
    """Fails in every way that an argument can fail."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __le__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    def __ge__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return True

    def __sub__(self, other: object) -> int:
        return 0

    def __hash__(self) -> int:
        raise RuntimeError("no hash")


@pytest.fixture
def client(make: Maker) -> Client:
    return make()


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


def test_an_up_down_counts_what_is_inside(client: Client) -> None:
    active = client.up_down("shop.active")
    with active, active:
        assert values(client) == {"shop.active": 2}
    active.add(-4)
    assert values(client) == {"shop.active": -4}


def test_a_state_is_one_of_its_series(client: Client) -> None:
    state = client.state("shop.breaker", states=("closed", "open"))
    assert values(client) == {}
    state.set("open")
    assert values(client) == {"shop.breaker{state=closed}": 0, "shop.breaker{state=open}": 1}
    client.state("shop.breaker").set("half_open")
    assert values(client)["shop.breaker{state=half_open}"] == 1
    assert sum(values(client).values()) == 1


def test_a_histogram_says_its_shape(client: Client) -> None:
    sizes = client.histogram("shop.items")
    for size in range(1, 101):
        sizes.observe(size)
    client.observe("shop.items", 0)
    found = values(client)

    assert found["shop.items.count"] == 101
    assert found["shop.items.sum"] == 5050
    assert found["shop.items.min"] == 0
    assert found["shop.items.max"] == 100
    assert found["shop.items.p50"] == pytest.approx(50, rel=0.01)
    assert found["shop.items.p99"] == pytest.approx(99, rel=0.01)
    assert sum(value for name, value in found.items() if ".bucket" in name) == 101

    sizes.observe(7)
    found = values(client)
    assert found["shop.items.count"] == 102, "totals go on"
    assert (found["shop.items.min"], found["shop.items.max"]) == (7, 7), "the shape is that of the interval"
    assert [name for name in found if ".bucket" in name] == ["shop.items.bucket{bucket=100}"], "buckets that changed"


def test_timers_take_blocks_functions_coroutines_and_generators(client: Client) -> None:
    timer = client.timer("shop.work")

    @timer
    def plain(value: int) -> int:
        """Says so."""
        return value

    @timer
    async def coroutine(value: int) -> int:
        await asyncio.sleep(0)
        return value

    @timer
    def generator() -> Generator[int, None, str]:
        yield 1
        return "end"

    @timer
    async def async_generator() -> AsyncGenerator[int, None]:
        yield 1

    async def all_of_it() -> list[int]:
        return [*(await asyncio.gather(*(coroutine(n) for n in range(3)))), *[item async for item in async_generator()]]

    assert plain(1) == 1
    assert plain.__doc__ == "Says so."
    assert asyncio.iscoroutinefunction(coroutine)
    assert asyncio.run(all_of_it()) == [0, 1, 2, 1]
    assert list(generator()) == [1]
    with timer, timer:
        pass
    timing = timer.time()
    timing.stop()
    timing.stop()
    timer.time().cancel()

    assert values(client)["shop.work.count"] == 9


def test_blocks_of_a_timer_may_interleave(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("pulsemon_producers.client.timer.perf_counter", lambda: now)
    outer, inner = client.timer("shop.outer"), client.timer("shop.inner")

    def measured() -> Generator[None, None, None]:
        with inner:
            yield

    with outer:
        now = 1.0
        first = measured()
        next(first)
        now = 3.0
        with outer:
            next(first, None)
            now = 7.0
    found = values(client)

    assert (found["shop.inner.sum"], found["shop.inner.count"]) == (2, 1)
    assert (found["shop.outer.sum"], found["shop.outer.count"]) == (4 + 7, 2)


def test_a_timer_that_raises_is_counted_and_the_error_goes_on(client: Client) -> None:
    with pytest.raises(KeyError), client.timer("shop.work"):
        raise KeyError("x")
    assert values(client)["shop.work.count"] == 1


def test_exceptions_are_counted_by_class_and_raised_as_before(client: Client) -> None:
    errors = client.exceptions("shop.errors", part="import")

    @errors
    def fails(kind: type[BaseException]) -> None:
        raise kind("x")

    @client.exceptions("shop.errors", part="import")
    async def fails_later() -> None:
        raise ValueError("x")

    for kind in (ValueError, KeyError, KeyboardInterrupt, asyncio.CancelledError):
        with pytest.raises(kind):
            fails(kind)
    with pytest.raises(ValueError, match="x"):
        asyncio.run(fails_later())
    with errors:
        pass
    errors.count(OSError())
    found = values(client)

    assert found.pop("shop.errors.last{part=import}") > 1.7e9
    assert found == {
        "shop.errors{exception=ValueError,part=import}": 2,
        "shop.errors{exception=KeyError,part=import}": 1,
        "shop.errors{exception=OSError,part=import}": 1,
    }


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


def test_messages_say_what_is_wrong(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    unhashable: Any = ["shop.a"]
    client.counter(unhashable).add()
    client.gauge("shop.g").set_function(lambda: 1 / 0)
    values(client)
    assert "counter list: a name must be a text" in caplog.text
    assert "the function of shop.g gave ZeroDivisionError 'division by zero'" in caplog.text


def test_handles_are_the_same_for_the_same_labels(client: Client) -> None:
    assert client.counter("shop.a", x=1) is client.counter("shop.a", x="1")
    assert repr(client.counter("shop.a", x=1)) == "<counter shop.a{'x': '1'}>"


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
