"""What is measured of a request and its answer, and how it is told to the client."""

import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Protocol

from pulsemon_producers.client.counter import UpDown
from pulsemon_producers.client.exceptions import Exceptions
from pulsemon_producers.client.timer import Timer

from pulsemon.middleware.routes import OTHER, Route

log = logging.getLogger(__name__)

DURATION = "http.server.request.duration"
ACTIVE = "http.server.active_requests"
ERRORS = "http.server.request.errors"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT", "TRACE"})
OTHER_METHOD = "_OTHER"
SERVER_ERROR = 500
MAX_KNOWN = 2000


class Instruments(Protocol):
    """What is needed of a client."""

    def timer(self, name: str, /, **labels: object) -> Timer:
        """The timer of a name and labels."""
        ...

    def up_down(self, name: str, /, **labels: object) -> UpDown:
        """The sum of a name and labels."""
        ...

    def exceptions(self, name: str, /, **labels: object) -> Exceptions:
        """The exceptions of a name and labels."""
        ...


class Exchanges:
    """The requests of one application. Whatever client and ``route`` do, nothing is raised from here."""

    def __init__(self, client: Instruments, route: Route) -> None:
        self._client = client
        self._route = route
        self._durations: dict[tuple[str, str, str], Timer] = {}
        self._active: dict[str, UpDown] = {}
        self._has_told = False

    def begin(self, method: object, request: Mapping[str, Any]) -> "Exchange":
        """A request that came now."""
        name = method if isinstance(method, str) and method in METHODS else OTHER_METHOD
        exchange = Exchange(self, name, request)
        self.quietly(lambda: self._active_requests(name).add(1))
        return exchange

    def route_of(self, request: Mapping[str, Any]) -> str:
        """The template, ``other`` if there is none."""
        try:
            return str(self._route(request) or OTHER)
        except Exception as error:  # noqa: BLE001 - a service's own callable must not break its answers
            self._tell(error)
            return OTHER

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """An answer that is through; status 0 if there was none."""
        self.quietly(lambda: self._active_requests(method).add(-1))
        self.quietly(lambda: self._duration(route, method, _status_class(status)).observe(seconds))

    def failed(self, method: str, route: str, error: BaseException) -> None:
        """An exception that left the application."""
        labels = {"http.route": route, "http.request.method": method}
        self.quietly(lambda: self._client.exceptions(ERRORS, **labels).count(error))

    def quietly(self, tell: Callable[[], None]) -> None:
        """Tells the client; what it raises is logged once."""
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - a client must not break the answers of its service
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        if not self._has_told:
            self._has_told = True
            log.warning(
                "A request was not measured (%s: %s); it was answered all the same, and others like it are "
                "without another word. Look at the client and the route given to the middleware.",
                type(error).__name__,
                error,
            )

    def _active_requests(self, method: str) -> UpDown:
        found = self._active.get(method)
        if found is None:
            found = self._active[method] = self._client.up_down(ACTIVE, **{"http.request.method": method})
        return found

    def _duration(self, route: str, method: str, status_class: str) -> Timer:
        key = (route, method, status_class)
        found = self._durations.get(key)
        if found is None:
            labels = {"http.route": route, "http.request.method": method, "http.response.status_class": status_class}
            found = self._client.timer(DURATION, **labels)
            if len(self._durations) < MAX_KNOWN:
                self._durations[key] = found
        return found


class Exchange:
    """One request and its answer; ends once, whoever says so first."""

    __slots__ = ("_began", "_exchanges", "_has_ended", "_method", "_request", "_route", "_status")

    def __init__(self, exchanges: Exchanges, method: str, request: Mapping[str, Any]) -> None:
        self._exchanges = exchanges
        self._method = method
        self._request = request
        self._route = ""
        self._status = 0
        self._has_ended = False
        self._began = perf_counter()

    def answered(self, status: object) -> None:
        """The answer has begun: the route is known now, and what is inside may forget it later."""
        self._status = status if isinstance(status, int) else 0
        self._route = self._exchanges.route_of(self._request)

    def failed(self, error: BaseException) -> None:
        """An exception leaves the application: its server answers 500 if the answer has not begun."""
        if not self._status and isinstance(error, Exception):
            self._status = SERVER_ERROR
        self._exchanges.failed(self._method, self._named(), error)

    def end(self) -> None:
        """The answer is through."""
        if not self._has_ended:
            self._has_ended = True
            seconds = perf_counter() - self._began
            self._exchanges.ended(self._method, self._named(), self._status, seconds)

    def _named(self) -> str:
        if not self._route or self._route == OTHER:
            self._route = self._exchanges.route_of(self._request)
        return self._route


def _status_class(status: int) -> str:
    return f"{status // 100}xx" if 100 <= status < 600 else "none"
