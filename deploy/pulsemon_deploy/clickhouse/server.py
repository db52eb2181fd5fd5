"""The embedded engine as a whole: opens the folder, listens, and drains when told to stop."""

import logging
import os
import socket
import threading
from collections.abc import Callable

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy.clickhouse.engine.errors import NO_FREE_CONNECTION, EngineError
from pulsemon_deploy.clickhouse.front import Front, open_front
from pulsemon_deploy.clickhouse.listener import Listener, Port
from pulsemon_deploy.clickhouse.native import session, wire
from pulsemon_deploy.clickhouse.settings import EngineSettings
from pulsemon_deploy.clickhouse.web import handler

log = logging.getLogger(__name__)

KILLED_SECONDS = 2.0


def serve(settings: EngineSettings, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Serves until ``stop`` is set; then lets running statements finish, so that what was acknowledged is stored.

    Calls ``ready`` once both ports answer. PermanentError, with what to do, for a folder that cannot be opened or a
    port that is taken.
    """
    front = open_front(settings)
    try:
        listener = _listen(settings, front)
        listener.start()
        log.info(
            "the ClickHouse engine %s answers on ports %s and %s",
            front.database.version,
            settings.port,
            settings.http_port,
        )
        ready()
        stop.wait()
        _drain(listener, front)
    finally:
        front.close()


def _listen(settings: EngineSettings, front: Front) -> Listener:
    ports = (
        Port("native", settings.port, lambda client: session.serve_client(client, front), _refuse_native),
        Port("http", settings.http_port, lambda client: handler.serve_client(client, front), handler.refuse_client),
    )
    try:
        return Listener(settings.host, ports, settings.connection_limit)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise PermanentError(
            f"port {settings.port} or {settings.http_port} of {settings.host} cannot be used ({reason}): "
            "nothing was changed; stop whoever has it, or choose another port"
        ) from error


def _drain(listener: Listener, front: Front) -> None:
    listener.stop_accepting()
    front.watcher.stop()
    if not listener.finish(front.settings.drain_seconds):
        log.warning(
            "statements ran longer than %s s after the stop and were cancelled; nothing of them was acknowledged",
            front.settings.drain_seconds,
        )
        front.database.kill_all()
        if not listener.finish(KILLED_SECONDS):
            listener.cut()  # whoever does not read its answer
            listener.finish(KILLED_SECONDS)


def _refuse_native(client: socket.socket) -> None:
    client.sendall(
        wire.exception(
            EngineError(NO_FREE_CONNECTION, "too many clients are connected: close some, or raise connection_limit")
        )
    )
