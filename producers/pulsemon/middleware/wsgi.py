"""Around a WSGI application."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pulsemon.middleware.exchange import Exchange, Exchanges, Instruments
from pulsemon.middleware.routes import Route, known

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class WsgiMiddleware:
    """Measures each request of ``app`` with ``client``, until the server has closed the body.

    ``route`` finds the template of a request in its environment; the ready ones are in ``pulsemon.middleware.routes``.
    Flask: ``app.wsgi_app = WsgiMiddleware(app.wsgi_app, client)``.

    >>> from pulsemon.testing import MemoryClient
    >>> def app(environ, start_response):
    ...     environ["pulsemon.route"] = "/orders/{id}"
    ...     start_response("200 OK", [])
    ...     return [b"seven"]
    >>> client = MemoryClient()
    >>> measured = WsgiMiddleware(app, client)
    >>> body = measured({"REQUEST_METHOD": "GET", "PATH_INFO": "/orders/7"}, lambda status, headers: print(status))
    200 OK
    >>> b"".join(body)
    b'seven'
    >>> labels = {"http.route": "/orders/{id}", "http.request.method": "GET", "http.response.status_class": "2xx"}
    >>> client.value("http.server.request.duration.count", **labels)
    1.0
    """

    def __init__(self, app: Application, client: Instruments, *, route: Route = known) -> None:
        self._app = app
        self._exchanges = Exchanges(client, route)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """As WSGI has it."""
        exchange = self._exchanges.begin(environ.get("REQUEST_METHOD"), environ)

        def watch(status: str, *rest: Any, **more: Any) -> Any:
            exchange.answered(_number(status))
            return start_response(status, *rest, **more)

        try:
            body = self._app(environ, watch)
        except BaseException as error:
            exchange.failed(error)
            exchange.end()
            raise
        return _Body(body, exchange)


class _Body:
    """The body of an answer as it came, measured until it is exhausted or closed."""

    def __init__(self, body: Iterable[bytes], exchange: Exchange) -> None:
        self._body = body
        self._exchange = exchange
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> "_Body":
        return self

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            return next(self._iterator)
        except StopIteration:
            self._exchange.end()
            raise
        except BaseException as error:
            self._exchange.failed(error)
            self._exchange.end()
            raise

    def __len__(self) -> int:
        """Servers know the length of an answer by this; raises TypeError where the body does not tell."""
        return len(self._body)  # type: ignore[arg-type]  # whoever asks counts on the error

    def __bool__(self) -> bool:
        return bool(self._body)

    def close(self) -> None:
        """Called by the server, whatever happened."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._exchange.failed(error)
            raise
        finally:
            self._exchange.end()


def _number(status: object) -> int:
    text = str(status)[:3]
    return int(text) if text.isascii() and text.isdigit() else 0
