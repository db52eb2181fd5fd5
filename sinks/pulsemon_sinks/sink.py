"""The sink: one thread that brings the metrics, alerts, states of servers and the control log into ClickHouse."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config, consumer_config, producer_config
from pulsemon_schemas.runtime.own_metrics import Sample, Tell, sample

from pulsemon_sinks.clickhouse.bulk_choice import ChosenBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.control_history import ControlHistory
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.ledger import BrokenChainError
from pulsemon_sinks.opening import Services
from pulsemon_sinks.pause import Pause
from pulsemon_sinks.plans import plans
from pulsemon_sinks.rollups import thread as rollups
from pulsemon_sinks.settings import SinkSettings
from pulsemon_sinks.state_snapshots import thread as state_snapshots
from pulsemon_sinks.store_vitals import StoreVitals
from pulsemon_sinks.stored_topic import StoredTopic
from pulsemon_sinks.tries import REFUSED_PAUSE_SECONDS
from pulsemon_sinks.troubles import Troubles
from pulsemon_sinks.vitals import PREFIX

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1


class Sink:
    """Reads, checks and stores. One thread; nothing connects before the first step."""

    def __init__(self, settings: SinkSettings, kafka: KafkaSettings, clickhouse: ClickHouseSettings) -> None:
        self._clickhouse = clickhouse
        self._store = NativeStore(clickhouse)
        self._bulk = ChosenBulkStore(clickhouse)
        admin = AdminClient(client_config(kafka))
        dead_letters = DeadLetters(producer_config(kafka, "pulsemon-sink"), settings.deadletter_topic)
        services = Services(self._store, clickhouse.database, admin, dead_letters)
        self._troubles = Troubles()
        self._metrics, *self._quiet = (
            StoredTopic(plan, services, self._bulk, self._troubles) for plan in plans(settings, kafka)
        )
        self._control = ControlHistory(
            consumer_config(kafka, f"{settings.group_id}-control", "pulsemon-sink-control"),
            settings.control_topic, admin, self._store, clickhouse.database, dead_letters,
        )  # fmt: skip
        self._engine = StoreVitals(self._store, clickhouse.database)
        self._has_schema = False
        self._engine_pause = Pause()
        self._schema_pause = Pause()
        self._control_pause = Pause()

    def step(self) -> None:
        """One round: reads what came, and writes what is due, unless the last try asked for a pause."""
        for topic in self._quiet:
            topic.read(0)
        self._metrics.read(POLL_SECONDS)
        if not self._has_schema:
            self._try("schema", self._migrate, self._schema_pause)
        if self._has_schema:
            self._write()

    @property
    def is_ready(self) -> bool:
        """Whether the store has its schema and Kafka has shown the topics."""
        return self._has_schema and all(topic.is_known for topic in (self._metrics, *self._quiet))

    def samples(self, wall_ms: int) -> list[Sample]:
        """What the sink tells about itself."""
        told = [one for topic in (self._metrics, *self._quiet) for one in topic.samples(wall_ms)]
        told += [*self._control.samples(wall_ms), *self._engine.samples()]
        return [*told, sample(f"{PREFIX}.troubles", self._troubles.count)]

    def close(self) -> None:
        """Leaves the groups and ends all connections. What was not stored stays in the log."""
        for topic in (self._metrics, *self._quiet):
            topic.close()
        self._control.close()
        self._store.close()
        self._bulk.close()

    def _write(self) -> None:
        self._try(self._metrics.topic, self._metrics.write, self._metrics.pause)
        if not self._metrics.is_known:  # Kafka is away: asking for the others would only take longer
            return
        for topic in self._quiet:
            self._try(topic.topic, topic.write, topic.pause)
        self._try("control", self._control.step, self._control_pause)
        self._try("engine", partial(self._engine.ask, time.monotonic()), self._engine_pause)

    def _migrate(self) -> None:
        migrate(self._clickhouse, self._store)
        self._has_schema = True

    def _begin_again(self) -> None:
        self._has_schema = False
        for topic in (self._metrics, *self._quiet):
            topic.begin_again()
        self._control.begin_again()

    def _try(self, who: str, activity: Callable[[], None], pause: Pause) -> None:
        """Runs an activity; if the store or Kafka is away, it waits longer each time.

        Reading goes on until the buffers are full.
        """
        if not pause.is_over(time.monotonic()):
            return
        try:
            activity()
        except TransientError as error:
            self._troubles.begin(who, error)
            pause.extend(time.monotonic(), error.retry_after_seconds)
        except StoreRefusedError as error:
            self._troubles.begin(who, error)
            pause.extend(time.monotonic(), REFUSED_PAUSE_SECONDS)
            if error.is_missing_schema:
                self._begin_again()
        except BrokenChainError as error:
            log.warning("%s; the store was emptied or restored: starting again from its ledger", error)
            self._begin_again()
        else:
            self._troubles.end(who)
            pause.end()


def run(
    settings: SinkSettings,
    kafka: KafkaSettings,
    clickhouse: ClickHouseSettings,
    stop: threading.Event,
    ready: Callable[[], None],
    tell: Tell | None = None,
) -> None:
    """Stores until ``stop`` is set; calls ``ready`` once. ``tell`` is called again and again.

    Waits for ever for Kafka and ClickHouse; raises only for a database of a
    newer program, a changed migration, or a fatal client error."""
    sink = Sink(settings, kafka, clickhouse)
    is_announced = False
    with _rollups(settings, clickhouse, stop), _state_snapshots(settings, kafka, clickhouse, stop):
        try:
            while not stop.is_set():
                sink.step()
                if tell is not None:
                    wall_ms = int(time.time() * 1000)
                    tell(wall_ms, partial(sink.samples, wall_ms))
                if sink.is_ready and not is_announced:
                    ready()
                    is_announced = True
        finally:
            sink.close()


def _rollups(
    settings: SinkSettings, clickhouse: ClickHouseSettings, stop: threading.Event
) -> AbstractContextManager[None]:
    return rollups.running(clickhouse, settings.metrics_topic, stop) if settings.makes_rollups else nullcontext()


def _state_snapshots(
    settings: SinkSettings, kafka: KafkaSettings, clickhouse: ClickHouseSettings, stop: threading.Event
) -> AbstractContextManager[None]:
    return state_snapshots.running(settings, kafka, clickhouse, stop) if settings.keeps_state else nullcontext()
