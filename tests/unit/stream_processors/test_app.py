"""Faust's agent as we fill it: whatever happens in a batch, it goes on, and the error is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.secret import Secret
from pulsemon_stream_processors.app import StreamApp
from pulsemon_stream_processors.group import Incoming
from pulsemon_stream_processors.settings import ProcessorSettings

SASL = KafkaSettings("a:1, b:2", "SASL_PLAINTEXT", username="processor", password=Secret("secret"))


def event(offset: int, **changes: Any) -> Any:
    fields = {
        "topic": "t",
        "partition": 2,
        "offset": offset,
        "timestamp": 1_780_000_000.123,
        "key": None,
        "value": None,
    }
    return SimpleNamespace(message=SimpleNamespace(generation_id=3, **(fields | changes)))


class Stream:
    """Hands out batches as Faust's stream does."""

    def __init__(self, batches: Sequence[Sequence[Any]]) -> None:
        self._batches = batches

    async def noack_take(self, max_: int, within: float) -> AsyncIterator[Sequence[Any]]:
        assert (max_, within) == (500, 0.1)
        for one in self._batches:
            yield one


def app(folder: Path, process: Any, failed: Any, **changes: Any) -> StreamApp:
    settings = ProcessorSettings(Secret("key"), **changes)
    return StreamApp(settings, SASL, "t", 4, str(folder / "faust"), process, failed)


def test_an_error_of_a_batch_is_told_and_the_next_batch_comes(tmp_path: Path) -> None:
    seen: list[list[Incoming]] = []
    errors: list[Exception] = []

    async def process(batch: Sequence[Incoming]) -> None:
        seen.append(list(batch))
        if len(seen) == 1:
            raise ValueError("broken")

    async def run() -> None:
        stream: Any = Stream([[event(0)], [event(1, key=b"k", value=b"v")]])
        await app(tmp_path, process, errors.append)._run(stream)

    asyncio.run(run())
    assert [str(error) for error in errors] == ["broken"]
    first, second = seen[0][0], seen[1][0]
    assert first.generation == 3
    assert (first.record.append_time_ms, first.record.key, first.record.value) == (1_780_000_000_123, b"", b"")
    assert (first.record.raw, second.record.raw) == ((None, None), (b"k", b"v"))
    assert (second.record.partition, second.record.offset, second.record.key) == (2, 1, b"k")


def test_the_app_has_the_settings_that_were_measured(tmp_path: Path) -> None:
    async def run() -> None:
        for is_fast in (True, False):
            made = app(tmp_path, None, None, uses_fast_transport=is_fast)._app
            assert made.conf.stream_buffer_maxsize == 65_536
            assert not made.conf.stream_wait_empty
            assert not made.conf.web_enabled
            assert made.conf.topic_disable_leader
            assert not made.conf.topic_allow_declare
            assert [str(url) for url in made.conf.broker] == ["kafka://a:1", "kafka://b:2"]
            assert made.conf.broker_credentials.mechanism.value == "SCRAM-SHA-512"  # type: ignore[union-attr]
            assert ("Fast" in type(made.transport).__name__) is is_fast

    asyncio.run(run())
