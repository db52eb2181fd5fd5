"""Runs a gateway: keys from the control log, metrics into the log, HTTP between."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence

import uvicorn
import uvloop
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.alert_comment import ALERT_COMMENT
from pulsemon_schemas.errors import PermanentError, TransientError
from pulsemon_schemas.rules.alert_command import ENTITY_TYPE as COMMAND
from pulsemon_schemas.runtime.control_reader import ControlEntry, ControlReader
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.runtime.own_metrics import Addressed, OwnMetrics
from pulsemon_schemas.runtime.topic_identity import TopicIdentity, identify
from pulsemon_schemas.topics import ALERT_STATE, CONTROL, METRICS, SERVER_STATE

from pulsemon_producers.gateway.app import application
from pulsemon_producers.gateway.bounded_head import BoundedHead
from pulsemon_producers.gateway.control.alert_notes import AlertNotes
from pulsemon_producers.gateway.control.api import ControlApi
from pulsemon_producers.gateway.control.configuration import Configuration
from pulsemon_producers.gateway.control.state_reader import StateReader
from pulsemon_producers.gateway.control.states import Alerts, ServerStates
from pulsemon_producers.gateway.door import Door
from pulsemon_producers.gateway.ingest import Ingest
from pulsemon_producers.gateway.key_uses import KeyUses
from pulsemon_producers.gateway.keyring import Keyring
from pulsemon_producers.gateway.log_writer import CLIENT_ID, LogWriter
from pulsemon_producers.gateway.meters import MeteredWriter, Meters
from pulsemon_producers.gateway.request_body import BodyRoom
from pulsemon_producers.gateway.settings import GatewaySettings
from pulsemon_producers.gateway.token_bucket import Buckets

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.2
APPLIED_AT_ONCE = 1000
"""Records of the control log between two turns of the loop, so that requests are answered meanwhile."""
STOP_SECONDS = 10
TELL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048
START_SECONDS = 60.0
ERRORS_ONLY = 3


OwnMetricsOf = Callable[[Callable[[Addressed], bool]], OwnMetrics]
"""Makes what tells about the gateway, given how a record is sent."""


def run(
    settings: GatewaySettings,
    kafka: KafkaSettings,
    stop: threading.Event,
    ready: Callable[[], None],
    own_metrics_of: OwnMetricsOf | None = None,
) -> None:
    """Serves until ``stop``; calls ``ready`` once it knows the keys. PermanentError, TransientError."""
    listener = _listen(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_Gateway(settings, kafka, own_metrics_of).serve(listener, stop, ready))
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the role."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing."""
        yield


class _Gateway:
    def __init__(self, settings: GatewaySettings, kafka: KafkaSettings, own_metrics_of: OwnMetricsOf | None) -> None:
        self._own_metrics_of = own_metrics_of
        self._settings = settings
        self._kafka = kafka
        self._notes = AlertNotes()
        self._configuration = Configuration({COMMAND: self._notes.hear, ALERT_COMMENT: self._notes.hear})
        self._servers = ServerStates()
        self._alerts = Alerts()
        self._states = StateReader(kafka, CLIENT_ID, {SERVER_STATE.name: self._servers, ALERT_STATE.name: self._alerts})
        self._uses = KeyUses()
        self._keyring = Keyring(self._configuration, self._uses.note)
        self._room = BodyRoom(settings.max_body_bytes, settings.max_held_bytes)
        self._meters = Meters(lambda: self._room.held_bytes)
        self._has_records = asyncio.Event()
        self._is_ready = False

    async def serve(self, listener: socket.socket, stop: threading.Event, ready: Callable[[], None]) -> None:
        control, metrics = await _identities(self._kafka, stop)
        if control is None or metrics is None:
            return
        loop = asyncio.get_running_loop()
        reader = ControlReader(
            self._kafka,
            CLIENT_ID,
            CONTROL.name,
            control.topic_id,
            lambda: _wake(loop, self._has_records),
        )
        writer = LogWriter(self._kafka, METRICS.name)
        config, control_api = self._config(writer, metrics.partition_count)
        server = _Server(config)
        reader.start()
        self._states.start()
        serving = asyncio.create_task(server.serve([listener]))
        besides = [
            asyncio.create_task(control_api.expansion.run()),
            asyncio.create_task(self._uses.run(writer, _now_ms)),
            asyncio.create_task(self._tell(writer)),
        ]
        try:
            await self._follow(reader, serving, stop, ready)
        finally:
            self._is_ready = False
            for task in besides:
                task.cancel()
            server.should_exit = True
            await serving
            await self._uses.publish(writer, _now_ms())
            await writer.close()
            reader.close()
            self._states.close()
        if not stop.is_set():
            raise PermanentError("the web server of the gateway has ended by itself; its last log lines say why")

    async def _tell(self, writer: LogWriter) -> None:
        """Tells about this gateway in the metrics, as every role does."""
        if self._own_metrics_of is None:
            return
        own = self._own_metrics_of(writer.send)
        while True:
            own.step(_now_ms(), self._meters.samples_of_own)
            await asyncio.sleep(TELL_SECONDS)

    async def _follow(
        self, reader: ControlReader, serving: "asyncio.Task[None]", stop: threading.Event, ready: Callable[[], None]
    ) -> None:
        """Applies what the control log has, until the end. Asking for it shows that the loop is alive."""
        while not stop.is_set() and not serving.done():
            is_at_end = reader.has_reached_end
            self._has_records.clear()
            for piece in _pieces(reader.take()):
                for entry in piece:
                    if entry.record is not None:
                        self._configuration.append(entry.offset, entry.append_time_ms, entry.record)
                await asyncio.sleep(0)
            if is_at_end and not self._is_ready:
                self._is_ready = True
                ready()
                log.info("the gateway takes metrics at %s", self._settings.url)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_records.wait(), FOLLOW_SECONDS)

    def _config(self, writer: LogWriter, partition_count: int) -> tuple[uvicorn.Config, ControlApi]:
        settings = self._settings
        # uvicorn's own switch only unhangs the handlers, and whoever sets up logging later hangs new ones
        logging.getLogger("uvicorn.access").addFilter(_is_for_nobody)
        buckets = Buckets(settings.samples_per_second, settings.burst_samples)
        door = Door(self._keyring, buckets, _now_ms)
        metered = MeteredWriter(writer, self._meters)
        ingest = Ingest(metered, partition_count, settings.max_samples, _now_ms, _new_id, door.charge)
        control = ControlApi(
            self._configuration,
            self._notes,
            self._keyring,
            self._room,
            writer,
            self._servers,
            self._alerts,
            _now_ms,
            lambda: self._is_ready,
            lambda: self._states.has_reached_end,
        )
        config = uvicorn.Config(
            application(
                door, self._room, ingest, self._meters, _now_ms, lambda: self._is_ready and writer.is_well, control
            ),
            http=BoundedHead,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=settings.certificate_file,
            ssl_keyfile=settings.private_key_file,
        )
        return config, control


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    """From another thread, which may outlive the loop by a moment."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)


def _pieces(entries: Sequence[ControlEntry]) -> Iterator[Sequence[ControlEntry]]:
    return (entries[at : at + APPLIED_AT_ONCE] for at in range(0, len(entries), APPLIED_AT_ONCE))


def _is_for_nobody(_record: logging.LogRecord) -> bool:
    """Lines about requests have whole addresses, with the keys that people put there by mistake."""
    return False


async def _identities(kafka: KafkaSettings, stop: threading.Event) -> tuple[TopicIdentity | None, ...]:
    """Of the control log and the metrics; the client that asks is gone afterwards, with its threads."""
    admin = AdminClient({**client_config(kafka), "log_level": ERRORS_ONLY})
    return await _identity(admin, CONTROL.name, stop), await _identity(admin, METRICS.name, stop)


async def _identity(admin: AdminClient, topic: str, stop: threading.Event) -> TopicIdentity | None:
    """The topic, waited for; None if told to stop meanwhile. TransientError after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not stop.is_set():
        try:
            return await asyncio.get_running_loop().run_in_executor(None, identify, admin, topic)
        except TransientError as error:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(error.retry_after_seconds)
    return None


def _listen(settings: GatewaySettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PermanentError(
            f"{settings.url} cannot be used ({error.strerror}), perhaps another program has the port; nothing is "
            "served; set another PULSEMON_GATEWAY_PORT"
        ) from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return uuid.uuid4().hex[:16]
