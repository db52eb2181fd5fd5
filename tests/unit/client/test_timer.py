import asyncio
from collections.abc import AsyncGenerator, Generator

import pytest
from pulsemon import Client
from support.clients import values


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
