"""The thread beside the sink's own that applies retention and makes rollups: storing never waits for them."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.retention.applying import Retention
from pulsemon_sinks.rollups.job import Job, StoppedError
from pulsemon_sinks.troubles import Troubles

log = logging.getLogger(__name__)

LOOK_SECONDS = 20.0
WHO = "rollups"


@contextmanager
def running(clickhouse: ClickHouseSettings, metrics_topic: str, stop: threading.Event) -> Iterator[None]:
    """Rollups for the body, which must end with ``stop`` set; waits for the statement that runs then."""
    thread = threading.Thread(target=_follow, args=(clickhouse, metrics_topic, stop), name=WHO)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _follow(clickhouse: ClickHouseSettings, metrics_topic: str, stop: threading.Event) -> None:
    store = NativeStore(clickhouse)
    retention = Retention(store, clickhouse)
    job = Job(store, clickhouse.database, metrics_topic, stop.is_set)
    troubles = Troubles()
    try:
        while not stop.wait(LOOK_SECONDS):
            _look(retention, job, troubles)
    finally:
        store.close()


def _look(retention: Retention, job: Job, troubles: Troubles) -> None:
    """Applies what was said, and runs the job if it is due.

    A store that is away is told once, and asked again at the next look.
    """
    try:
        retention.apply()
        if job.is_due():
            job.run()
    except StoppedError:
        return
    except StoreRefusedError as error:
        if not error.is_missing_schema:  # the sink is about to make it
            troubles.begin(WHO, error)
    except TransientError as error:
        troubles.begin(WHO, error)
    else:
        troubles.end(WHO)
