"""The fast wait does what Faust's own does, and belongs to the Faust that is installed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from mode import Service
from pulsemon_stream_processors import fast_transport
from pulsemon_stream_processors.fast_transport import FastWait

WAYS = [Service, FastWait]


class BrokenError(Exception):
    pass


@asynccontextmanager
async def running(way: type[Service]) -> AsyncIterator[Service]:
    class Probe(way):  # type: ignore[misc, valid-type]
        """A service of its own kind, since Service is abstract by intention."""

    service: Service = Probe()
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def in_loop(test: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(test(), 5)

    asyncio.run(run())


def test_it_is_made_for_the_faust_that_is_installed() -> None:
    assert fast_transport.fits()


@pytest.mark.parametrize("way", WAYS)
def test_what_needs_no_waiting_is_done(way: type[Service]) -> None:
    async def deliver(taken: list[int]) -> str:
        taken.append(1)
        return "taken"

    async def test() -> None:
        taken: list[int] = []
        async with running(way) as service:
            results = await service.wait_first(deliver(taken), asyncio.Event().wait())
        assert taken == [1]
        assert (results.results, results.stopped) == (["taken"], False)

    in_loop(test)


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_is_waited_for(way: type[Service]) -> None:
    async def deliver(steps: list[int]) -> None:
        for step in range(5):
            await asyncio.sleep(0.001 * (step % 2))
            steps.append(step)

    async def test() -> None:
        steps: list[int] = []
        async with running(way) as service:
            results = await service.wait_first(deliver(steps), asyncio.Event().wait())
        assert steps == [0, 1, 2, 3, 4]
        assert not results.stopped

    in_loop(test)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("waits", [False, True])
def test_an_error_reaches_the_caller(way: type[Service], waits: bool) -> None:
    async def deliver() -> None:
        if waits:
            await asyncio.sleep(0)
        raise BrokenError

    async def test() -> None:
        async with running(way) as service:
            with pytest.raises(BrokenError):
                await service.wait_first(deliver(), asyncio.Event().wait())

    in_loop(test)


@pytest.mark.parametrize("way", WAYS)
def test_a_suspended_flow_ends_the_wait_and_the_delivery(way: type[Service]) -> None:
    async def deliver(ended: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def test() -> None:
        suspended, ended = asyncio.Event(), asyncio.Event()
        async with running(way) as service:
            asyncio.get_running_loop().call_later(0.01, suspended.set)
            await service.wait_first(deliver(ended), suspended.wait())
            await ended.wait()

    in_loop(test)


@pytest.mark.parametrize("way", WAYS)
def test_a_service_that_stops_ends_the_wait(way: type[Service]) -> None:
    async def test() -> None:
        async with running(way) as service:
            asyncio.get_running_loop().call_later(0.01, service.set_shutdown)
            asyncio.get_running_loop().call_later(0.01, service._stopped.set)
            results = await service.wait_first(asyncio.Event().wait(), asyncio.Event().wait())
        assert results.stopped

    in_loop(test)
