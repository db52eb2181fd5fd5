"""What is fetched and not yet processed is bounded by bytes and by count, and fetching goes on when there is room."""

import asyncio
from types import SimpleNamespace
from typing import Any

from mode.utils.queues import FlowControlEvent
from pulsemon_stream_processors.byte_bound_queue import EVENT_BYTES, ByteBoundQueue


def _event(size: int) -> Any:
    return SimpleNamespace(message=SimpleNamespace(value=b"x" * size if size else None))


class _Fetcher:
    """Puts events while it is not told to stop, as Faust's does."""

    def __init__(self, max_bytes: int, maxsize: int = 1000) -> None:
        self.queue = ByteBoundQueue(max_bytes, maxsize=maxsize, flow_control=FlowControlEvent(), clear_on_resume=True)
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True

    def go_on(self) -> None:
        self.is_stopped = False

    def is_told_to_stop(self) -> bool:
        return self.is_stopped

    def put(self, size: int) -> None:
        self.queue.put_nowait_enhanced(_event(size), on_pressure_high=self.stop, on_pressure_drop=self.go_on)


def test_large_events_stop_fetching_and_room_lets_it_go_on() -> None:
    async def run() -> None:
        fetcher = _Fetcher(100 * EVENT_BYTES)
        while not fetcher.is_told_to_stop():
            fetcher.put(9 * EVENT_BYTES)
        assert fetcher.queue.qsize() == 11
        assert fetcher.queue.held_bytes == 110 * EVENT_BYTES
        fetcher.put(0)  # was fetched already
        taken = 0
        while fetcher.is_told_to_stop():
            fetcher.queue.get_nowait()
            taken += 1
        assert taken == 9, "at two fifths of the bound"

    asyncio.run(run())


def test_small_events_are_bounded_by_count_as_before() -> None:
    async def run() -> None:
        fetcher = _Fetcher(10**9, maxsize=100)
        while not fetcher.is_told_to_stop():
            fetcher.put(1)
        assert fetcher.queue.qsize() == 81

    asyncio.run(run())


def test_an_empty_queue_always_fetches_on() -> None:
    async def run() -> None:
        fetcher = _Fetcher(10)
        fetcher.put(100)
        fetcher.put(100)
        assert fetcher.is_told_to_stop()
        for _ in range(2):
            fetcher.queue.get_nowait()
        task = asyncio.ensure_future(fetcher.queue.get())
        await asyncio.sleep(0)
        assert not fetcher.is_told_to_stop()
        fetcher.put(1)
        assert len((await task).message.value) == 1
        assert fetcher.queue.held_bytes == 0

    asyncio.run(run())


def test_a_cleared_queue_holds_nothing() -> None:
    async def run() -> None:
        fetcher = _Fetcher(10**6)
        fetcher.put(1000)
        fetcher.queue.clear()
        assert (fetcher.queue.held_bytes, fetcher.queue.qsize()) == (0, 0)

    asyncio.run(run())
