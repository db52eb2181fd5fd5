"""The processor: one worker of the group, from its start to its end."""

import asyncio
import logging
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence

from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.control_reader import ControlReader
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.runtime.own_metrics import OwnMetrics
from pulsemon_schemas.runtime.publisher import Publisher
from pulsemon_schemas.runtime.topic_identity import TopicIdentity, identify
from pulsemon_schemas.topics import CONTROL, METRICS

from pulsemon_stream_processors.app import StreamApp, use_fast_loop
from pulsemon_stream_processors.ending import end_process, leave_process
from pulsemon_stream_processors.errors import StuckError
from pulsemon_stream_processors.fleet_worker import FleetWorker
from pulsemon_stream_processors.group import Incoming
from pulsemon_stream_processors.log_watch import LogWatch
from pulsemon_stream_processors.own_metrics import samples
from pulsemon_stream_processors.progress import Progress
from pulsemon_stream_processors.rounds import Rounds
from pulsemon_stream_processors.settings import ProcessorSettings
from pulsemon_stream_processors.takeover import Site
from pulsemon_stream_processors.ticker import Ticker, TickOrigin
from pulsemon_stream_processors.topic_names import TopicNames
from pulsemon_stream_processors.watchdog import Patience, Watchdog
from pulsemon_stream_processors.worker import Worker

log = logging.getLogger(__name__)

STEP_SECONDS = 0.1
DRAIN_SECONDS = 2.5
LEAVE_SECONDS = 2.0
"""With the drain within the five seconds that a stopping processor may take."""
JOIN_SECONDS = 60.0
PRODUCER_ID_CHARACTERS = 16
IDLE_TICKS = 3
ERRORS_ONLY = 3


class Processor:
    """One worker in one event loop, in which it must be made."""

    def __init__(
        self,
        settings: ProcessorSettings,
        kafka: KafkaSettings,
        identities: tuple[TopicIdentity, TopicIdentity],
        folder: str,
    ) -> None:
        metrics, control = identities
        self._settings = settings
        names = TopicNames(settings.topic_prefix, metrics.partition_count)
        key = settings.tick_key.reveal().encode()
        topic = names.name(METRICS.name)
        site = Site(kafka, settings.application, metrics.topic_id, metrics.partition_count, key, names)
        producer_id = uuid.uuid4().hex[:PRODUCER_ID_CHARACTERS]
        self._progress = Progress()
        self._reader = ControlReader(kafka, site.reader_group, names.name(CONTROL.name), control.topic_id)
        self._app = StreamApp(
            settings, kafka, topic, metrics.partition_count, f"{folder}/faust", self._process, end_process
        )
        self._worker = Worker(site, self._reader, self._app, self._progress)
        self._fleet = FleetWorker(site, self._worker.history, self._app, settings.round_seconds)
        self._rounds = Rounds(settings.round_seconds, metrics.partition_count)
        self._round_task: asyncio.Task[None] | None = None
        self._publisher = Publisher(kafka, f"{settings.application}-ticks", topic)
        origin = TickOrigin(key, metrics.topic_id, control.topic_id, producer_id)
        self._ticker = Ticker(origin, settings.tick_seconds, self._publisher.send)
        self._metrics = OwnMetrics(
            settings.server_id, settings.application, settings.metrics_seconds, self._publisher.send, producer_id
        )
        watch = LogWatch(
            kafka, settings.application, topic, metrics.topic_id, self._progress,
            lambda: self._app.partitions(),
        )  # fmt: skip
        patience = Patience(settings.watchdog_seconds, settings.watchdog_seconds + settings.round_seconds)
        self._watchdog = Watchdog(patience, watch.positions, end_process)

    async def start(self, stop: threading.Event) -> None:
        """Reads the control log to its end, then joins the group. Raises PermanentError."""
        self._reader.start()
        while not (self._reader.has_reached_end or stop.is_set()):
            self._worker.take_control()
            await asyncio.sleep(STEP_SECONDS / 2)
        await self._app.start()

    async def run(self, stop: threading.Event, ready: Callable[[], None]) -> None:
        """Works until ``stop`` is set, then drains. Raises PermanentError if the group does not take it."""
        self._watchdog.start()
        await self._join(stop)
        if not stop.is_set():
            ready()
        while not stop.is_set():
            self._step()
            await asyncio.sleep(STEP_SECONDS)
        await self._drain()

    async def _join(self, stop: threading.Event) -> None:
        """Faust says nothing when the group does not take it, and would wait for ever."""
        deadline = time.monotonic() + JOIN_SECONDS
        while not (self._app.generation or stop.is_set()):
            self._check_app()
            if time.monotonic() > deadline:
                raise StuckError(
                    f"the group {self._settings.application} has not taken this worker in {JOIN_SECONDS:.0f} s; look "
                    "for what aiokafka logged. Nothing was changed; another try is made."
                )
            await asyncio.sleep(STEP_SECONDS)

    async def _process(self, batch: Sequence[Incoming]) -> None:
        await self._worker.process(batch)

    def _step(self) -> None:
        self._check_app()
        partitions = self._app.partitions()
        self._progress.keep_only(set(partitions))
        self._worker.take_control()
        self._fleet.step()
        wall_ms = int(time.time() * 1000)
        if self._settings.tick_seconds:
            self._ticker.step(sorted(partitions), self._worker.history.offset, time.monotonic(), wall_ms)
        idle_seconds = IDLE_TICKS * self._settings.tick_seconds
        self._metrics.step(wall_ms, lambda: samples(self._progress, idle_seconds, wall_ms))
        if self._round_task is None or self._round_task.done():
            if self._round_task is not None:
                self._round_task.result()
            if due := self._rounds.due(partitions, time.monotonic()):
                self._round_task = asyncio.create_task(self._run_rounds(due))

    def _check_app(self) -> None:
        if (reason := self._app.crash_reason) is not None:
            raise RuntimeError(f"Faust gave up: {reason!r}; a successor goes on from what is committed") from reason

    async def _run_rounds(self, partitions: Sequence[int]) -> None:
        for partition in partitions:
            await self._worker.round(partition, self._settings.slice_servers)
            self._rounds.done(partition, time.monotonic())

    async def _drain(self) -> None:
        """A last round of each partition spares the successor work; what does not get done, it does again."""
        began = time.monotonic()
        self._worker.close()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                if self._round_task is not None:
                    await self._round_task
                await self._run_rounds(sorted(self._app.partitions()))
                await self._fleet.close()
        except TimeoutError:
            log.warning("The last rounds did not get done in %.1f s; the successor applies more again.", DRAIN_SECONDS)
        self._watchdog.close()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._app.stop()
        except TimeoutError:
            log.warning("Leaving the group took longer than %.1f s; its session will end by itself.", LEAVE_SECONDS)
            leave_process()
        self._reader.close()
        self._publisher.close()
        log.info("The processor stopped in %.1f s.", time.monotonic() - began)


def run(settings: ProcessorSettings, kafka: KafkaSettings, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Processes until ``stop`` is set, then drains and returns within five seconds.

    Calls ``ready`` once, when the worker is a member of the group. Waits for Kafka and its topics at the start.
    Whatever goes wrong later ends the process with code 1: its successor goes on from what is committed.
    """
    identities = _identities(settings, kafka, stop)
    if identities is None:
        return
    use_fast_loop()
    asyncio.run(_run(settings, kafka, identities, stop, ready))


async def _run(
    settings: ProcessorSettings,
    kafka: KafkaSettings,
    identities: tuple[TopicIdentity, TopicIdentity],
    stop: threading.Event,
    ready: Callable[[], None],
) -> None:
    try:
        # Faust makes folders at its start and puts nothing into them: they are gone before anything can end us.
        with tempfile.TemporaryDirectory(prefix="pulsemon-processor-") as folder:
            processor = Processor(settings, kafka, identities, folder)
            await processor.start(stop)
        await processor.run(stop, ready)
    except Exception as error:  # noqa: BLE001 - Faust's threads would keep the process, and its partitions, half alive
        end_process(error)


def _identities(
    settings: ProcessorSettings, kafka: KafkaSettings, stop: threading.Event
) -> tuple[TopicIdentity, TopicIdentity] | None:
    """Of the metrics and of the control topic; None if ``stop`` was set before Kafka told."""
    admin = AdminClient({**client_config(kafka), "log_level": ERRORS_ONLY})
    is_told = False
    while not stop.is_set():
        try:
            prefix = settings.topic_prefix
            return identify(admin, f"{prefix}{METRICS.name}"), identify(admin, f"{prefix}{CONTROL.name}")
        except TransientError as error:
            if not is_told:
                log.warning("%s", error)
            is_told = True
            stop.wait(error.retry_after_seconds)
    return None
