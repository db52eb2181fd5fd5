import asyncio
import contextlib
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


async def exchange(generator: AsyncGenerator[str, str], *, error: Exception) -> list[str]:
    """What it answers when it is asked, sent something, and thrown something that it does not keep to itself."""
    answers = [await anext(generator), await generator.asend("more")]
    with pytest.raises(type(error)):
        await generator.athrow(error)
    return answers


def test_an_async_generator_gets_what_is_sent_and_thrown_and_is_closed(client: Client) -> None:
    notes: list[str] = []

    @client.timer("shop.session")
    @client.exceptions("shop.session.errors")
    async def session() -> AsyncGenerator[str, str]:
        try:
            notes.append((yield "session"))
            yield "again"
        except KeyError:
            notes.append("rolled back")
            raise
        finally:
            await asyncio.sleep(0)
            notes.append("closed")

    async def left() -> None:
        generator = session()
        await anext(generator)
        await generator.aclose()
        notes.append("after")

    async def in_a_block() -> None:
        async with contextlib.asynccontextmanager(session)():
            raise KeyError("x")

    assert asyncio.run(exchange(session(), error=KeyError("x"))) == ["session", "again"]
    assert notes == ["more", "rolled back", "closed"]
    notes.clear()
    with pytest.raises(KeyError):
        asyncio.run(in_a_block())
    assert notes == ["rolled back", "closed"], "in the block, not when the generator is collected"
    notes.clear()
    asyncio.run(left())
    assert notes == ["closed", "after"]
    found = values(client)
    assert (found["shop.session.count"], found["shop.session.errors{exception=KeyError}"]) == (3, 2)


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
