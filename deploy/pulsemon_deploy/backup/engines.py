"""This machine's own Kafka and ClickHouse for the time of one command, if nobody runs them."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy import ports
from pulsemon_deploy.home_lock import used
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.kafka import wait_ready
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.roles import KAFKA_START_SECONDS, command
from pulsemon_deploy.store_ready import wait_store

ADMIN = "admin"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0

Says = Callable[[str], None]


@contextmanager
def engines(own: Installation, *, kafka: bool, clickhouse: bool, says: Says) -> Iterator[None]:
    """What is asked for answers during the body: what runs already, or is of your own, or is started here.

    PermanentError, TransientError, AuthError with what to do if it does not.
    """
    with ExitStack() as running:
        running.enter_context(used(own.home))
        if kafka:
            running.enter_context(_kafka(own, says))
        if clickhouse:
            running.enter_context(_clickhouse(own, says))
        yield


@contextmanager
def _kafka(own: Installation, says: Says) -> Iterator[None]:
    if not own.has_own_kafka or not ports.is_free(own.local.kafka_port):
        wait_ready(own.kafka(ADMIN), READY_SECONDS)
        yield
    else:
        says("starts Kafka for the time of this command")
        own.local_kafka().prepare()  # so that its secret is there; downloads it at the very first time
        with _role(own, "kafka") as process:
            own.local_kafka().wait_ready(KAFKA_START_SECONDS, lambda: process.poll() is None)
            yield


@contextmanager
def _clickhouse(own: Installation, says: Says) -> Iterator[None]:
    if not own.has_own_clickhouse or not ports.is_free(own.local.clickhouse_port):
        wait_store(own.clickhouse(), READY_SECONDS, says)
        yield
    else:
        says("starts ClickHouse for the time of this command")
        with _role(own, "clickhouse"):
            wait_store(own.clickhouse(), READY_SECONDS, lambda _: None)
            yield


@contextmanager
def _role(own: Installation, name: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Its output goes where that of all roles does."""
    environ = {**own.environ, "PULSEMON_LOCAL_HOME": str(own.home.root), "MALLOC_ARENA_MAX": "2"}
    process = start_child(command("run", name), environ, own.home.logs / f"{name}-restore.log")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise PermanentError(
                f"{name} did not end within {STOP_SECONDS:g} s and was killed: what it acknowledged is kept"
            ) from error
