"""Runs the dashboard: Streamlit behind the guard, on this machine alone."""

import gc
import http.client
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.runtime.own_metrics import Tell
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.reader.reader import Reader
from starlette.types import ASGIApp

from pulsemon_ui.access import Access
from pulsemon_ui.assets import CompressedAssets
from pulsemon_ui.data import Dashboard, Repository, install
from pulsemon_ui.guard import HEALTH_PATH, Guard, cookie_name
from pulsemon_ui.options import options
from pulsemon_ui.settings import UiSettings, check
from pulsemon_ui.vitals import Vitals

log = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("app.py")
SCRIPT_CHECK_PATH = "/_stcore/script-health-check"
START_SECONDS = 60.0
STOP_SECONDS = 5
POLL_SECONDS = 0.05
STEP_SECONDS = 1.0


def run(
    settings: UiSettings,
    clickhouse: ClickHouseSettings,
    stop: threading.Event,
    ready: Callable[[], None],
    tell: Tell | None = None,
) -> None:
    """Serves the dashboard until ``stop``; calls ``ready`` once a page can really be opened, ``tell`` every second.

    SettingsError for an address beyond this machine, PermanentError if it cannot serve.
    """
    reader = Reader(clickhouse)
    try:
        serve(settings, reader, stop, ready, tell)
    finally:
        reader.close()


def serve(
    settings: UiSettings,
    repository: Repository,
    stop: threading.Event,
    ready: Callable[[], None],
    tell: Tell | None = None,
) -> None:
    """As ``run``, over any repository. One process serves one dashboard."""
    check(settings)
    access = Access(settings.access_file)
    listener = _listen(settings)
    dashboard = Dashboard(repository)
    install(dashboard)
    server = _Server(application(settings, access, dashboard.vitals), listener)
    server.start()
    try:
        _wait_until_opened(settings, access, server, stop)
        if not stop.is_set():
            gc.collect()
            gc.freeze()  # what is loaded now stays: later collections need not look at it
            ready()
            log.info("the dashboard is served at %s", settings.origin)
        while not stop.wait(STEP_SECONDS) and server.is_alive:
            if tell is not None:
                tell(int(time.time() * 1000), dashboard.vitals.samples)
        if not stop.is_set():
            raise PermanentError("the web server of the dashboard has ended by itself; its last log lines say why")
    finally:
        server.end()


def application(settings: UiSettings, access: Access, vitals: Vitals | None = None) -> ASGIApp:
    """The whole web application: guard, compressed assets, Streamlit with our pages, and HEALTH_PATH."""
    import streamlit
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from streamlit import config

    for name, value in options(settings.host, settings.port).items():
        config.set_option(name, value)

    async def health(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    app = streamlit.App(SCRIPT, routes=[Route(HEALTH_PATH, health)], lifespan=_quiet, on_script_error=_log_script_error)
    static = Path(streamlit.__file__).parent / "static"
    return Guard(CompressedAssets(app, static), settings, access, vitals)


@asynccontextmanager
async def _quiet(_: object) -> AsyncIterator[None]:
    yield


def _log_script_error(error: Exception) -> bool:
    log.error("a page could not be shown", exc_info=error)
    return False


def _listen(settings: UiSettings) -> socket.socket:
    """The port, ours from here on: a check by connecting could be answered by another program that has it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise PermanentError(
            f"{settings.origin} cannot be used ({error.strerror}), perhaps another program has the port; nothing is "
            "served; set another PULSEMON_UI_PORT"
        ) from error


class _Server:
    """uvicorn on a thread of its own, so that the caller keeps the signals."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                ws_max_size=16 * 1024 * 1024,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)

    @property
    def is_alive(self) -> bool:
        """False once it has ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def end(self) -> None:
        """Lets open requests finish for STOP_SECONDS."""
        self._uvicorn.should_exit = True
        self._thread.join(STOP_SECONDS + 2)
        self._listener.close()

    def _run(self) -> None:
        self._uvicorn.run(sockets=[self._listener])


def _wait_until_opened(settings: UiSettings, access: Access, server: _Server, stop: threading.Event) -> None:
    """Opens a page as a browser would, and has the script run once; PermanentError if that does not succeed in time."""
    cookie = f"{cookie_name(settings)}={access.issue_session(seconds=300)}"
    deadline = time.monotonic() + START_SECONDS
    while not stop.is_set():
        if not server.is_alive:
            raise PermanentError("the web server of the dashboard did not start; nothing is served; the log says why")
        if all(_status(settings, path, cookie) == 200 for path in ("/", SCRIPT_CHECK_PATH)):
            return
        if time.monotonic() > deadline:
            raise PermanentError(
                f"the dashboard did not open within {START_SECONDS:.0f} s; nothing is served; the log says why"
            )
        stop.wait(POLL_SECONDS)


def _status(settings: UiSettings, path: str, cookie: str) -> int | None:
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Cookie": cookie})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
