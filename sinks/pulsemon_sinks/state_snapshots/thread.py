"""The thread beside the sink's own that takes the snapshot of each day."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config

from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.settings import SinkSettings
from pulsemon_sinks.state_snapshots.snapshots import Snapshots
from pulsemon_sinks.state_snapshots.state_topic import StateTopic
from pulsemon_sinks.troubles import Troubles

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
WHO = "state-snapshots"


@contextmanager
def running(
    settings: SinkSettings, kafka: KafkaSettings, clickhouse: ClickHouseSettings, stop: threading.Event
) -> Iterator[None]:
    """Snapshots for the body, which must end with ``stop`` set."""
    thread = threading.Thread(target=_follow, args=(settings, kafka, clickhouse, stop), name=WHO)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _follow(
    settings: SinkSettings, kafka: KafkaSettings, clickhouse: ClickHouseSettings, stop: threading.Event
) -> None:
    store = NativeStore(clickhouse)
    group = f"{settings.group_id}-{WHO}"
    topic = StateTopic(consumer_config(kafka, group, group), settings.processor_state_topic)
    snapshots = Snapshots(store, clickhouse.database, topic)
    troubles = Troubles()
    try:
        while not stop.wait(LOOK_SECONDS):
            _look(snapshots, troubles)
            topic.close()  # there is one snapshot a day
    finally:
        store.close()


def _look(snapshots: Snapshots, troubles: Troubles) -> None:
    try:
        snapshots.step()
    except StoreRefusedError as error:
        if not error.is_missing_schema:  # the sink is about to make it
            troubles.begin(WHO, error)
    except TransientError as error:
        troubles.begin(WHO, error)
    else:
        troubles.end(WHO)
