"""Faust as the runner, and nothing else of Faust: group membership, fetching, and batches of raw records.

The only module that knows it. Neither its tables nor its transactions are used, and it acknowledges nothing: what is
committed, a round decides. Its own read position is not to be trusted after a rebalance, which the worker knows.
"""

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, cast

import faust
import mode.loop
from faust.types import TP, EventT, StreamT
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_stream_processors import fast_transport
from pulsemon_stream_processors.byte_bound_queue import ByteBoundQueue
from pulsemon_stream_processors.group import Incoming
from pulsemon_stream_processors.settings import ProcessorSettings

log = logging.getLogger(__name__)

BUFFERED_RECORDS = 65_536
"""Below this Faust sleeps a whole second whenever its buffers are full: about 4000 records a second on a backlog."""
HEARTBEATS_IN_A_SESSION = 5
REBALANCE_SECONDS = 20.0
MS_PER_SECOND = 1000


def use_fast_loop() -> None:
    """Event loops made from now on are uvloop's, in the thread of Faust's consumer too."""
    mode.loop.use("uvloop")


class StreamApp:
    """One member of the group. ``process`` gets batches in order; what it raises goes to ``failed``, never to Faust.

    Must be made in a running event loop, and belongs to it.
    """

    def __init__(
        self,
        settings: ProcessorSettings,
        kafka: KafkaSettings,
        topic: str,
        partition_count: int,
        data_folder: str,
        process: Callable[[Sequence[Incoming]], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._process = process
        self._failed = failed
        self._app = _app(settings, kafka, partition_count, data_folder)
        if settings.uses_fast_transport and fast_transport.fits():
            fast_transport.install(self._app)
        source = self._app.topic(
            topic,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=partition_count,
            internal=True,
        )
        self._app.agent(source, name="process", concurrency=1)(self._run)

    async def start(self) -> None:
        """Joins the group."""
        await self._app.start()

    async def stop(self) -> None:
        """Leaves the group."""
        await self._app.stop()

    @property
    def crash_reason(self) -> BaseException | None:
        """Why Faust gave up, None while it has not."""
        if not self._app.crashed:
            return None
        return self._app.crash_reason or RuntimeError("Faust ended without a reason")

    @property
    def generation(self) -> int:
        """The generation of the group that we are in; 0 before the first."""
        return self._app.consumer_generation_id

    def partitions(self) -> frozenset[int]:
        """The partitions that are ours in this generation."""
        if not self.generation:
            return frozenset()
        return frozenset(place.partition for place in self._app.consumer.assignment() if place.topic == self._topic)

    async def commit(self, partition: int, next_offset: int) -> bool:
        """Commits for the group; False if the partition is not ours any more."""
        offsets = {TP(self._topic, partition): next_offset}
        # The public way, an acknowledgement of each event, would hold minutes of records in memory.
        return bool(await self._app.consumer._commit_offsets(offsets))  # type: ignore[attr-defined]  # noqa: SLF001

    async def _run(self, stream: StreamT[Any]) -> None:
        settings = self._settings
        batches = cast("faust.Stream[Any]", stream).noack_take(settings.take_records, within=settings.take_seconds)
        async for events in batches:
            try:
                await self._process([_incoming(event) for event in events])
            except Exception as error:  # noqa: BLE001 - an exception that leaves an agent ends it without a word
                self._failed(error)


class _App(faust.App):
    """Faust's app with a bound in bytes for what is fetched and not yet processed."""

    def __init__(self, *arguments: Any, buffer_bytes: int, **more: Any) -> None:
        self._buffer_bytes = buffer_bytes
        super().__init__(*arguments, **more)

    def FlowControlQueue(self, maxsize: int | None = None, *, clear_on_resume: bool = False) -> ByteBoundQueue:  # noqa: N802 - Faust's name
        """A queue of fetched events."""
        return ByteBoundQueue(
            self._buffer_bytes, maxsize=maxsize, flow_control=self.flow_control, clear_on_resume=clear_on_resume
        )


def _incoming(event: EventT[Any]) -> Incoming:
    message = event.message
    return Incoming(
        message.generation_id or 0,
        LogRecord(
            message.topic,
            message.partition,
            message.offset,
            round((message.timestamp or 0.0) * MS_PER_SECOND),
            message.key or b"",
            message.value or b"",
            message.key is None,
            message.value is None,
        ),
    )


def _app(settings: ProcessorSettings, kafka: KafkaSettings, partition_count: int, data_folder: str) -> faust.App:
    return _App(
        settings.application,
        buffer_bytes=settings.buffer_bytes,
        broker=[f"kafka://{address}" for address in _addresses(kafka)],
        broker_credentials=_credentials(kafka),
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=settings.session_seconds / HEARTBEATS_IN_A_SESSION,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_commit_interval=0.5,
        consumer_auto_offset_reset="earliest",
        datadir=data_folder,
        processing_guarantee="at_least_once",
        store="memory://",
        stream_buffer_maxsize=BUFFERED_RECORDS,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=partition_count,
        web_enabled=False,
    )


def _addresses(kafka: KafkaSettings) -> Iterable[str]:
    return (address.strip() for address in kafka.bootstrap.split(","))


def _credentials(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = ssl.create_default_context(cafile=kafka.ca_file or None) if kafka.uses_tls else None
    if kafka.uses_sasl:
        return faust.SASLCredentials(
            username=kafka.username,
            password=kafka.password.reveal(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None
