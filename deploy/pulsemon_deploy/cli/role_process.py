"""What every role of the command line does alike: logging, signals, and telling that it is ready."""

import os
import signal
import threading
from collections.abc import Callable

from pulsemon_schemas.runtime import notify

from pulsemon_deploy import logs
from pulsemon_deploy.beating_stop import BeatingStop
from pulsemon_deploy.home_lock import used
from pulsemon_deploy.installation import Installation, installation

Body = Callable[[Installation, threading.Event, Callable[[], None]], None]
"""Runs until the event is set; calls the function once it works."""


def start_logging(role: str) -> None:
    """The format is that of the supervisor's logs when it reads them, else one for people."""
    logs.configure(role, supervised=notify.SOCKET_VARIABLE in os.environ)


def run_role(role: str, body: Body) -> None:
    """Runs ``body`` until SIGTERM or SIGINT, which let it drain and return."""
    start_logging(role)
    stop = BeatingStop(notify.Heartbeat(os.environ).beat)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    own = installation(os.environ)
    with used(own.home):
        body(own, stop, lambda: notify.ready(os.environ))
