"""What Django knows and its server does not: which route a request took."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from pulsemon.middleware.routes import mark


class DjangoRoute:
    """A middleware of Django that names the route of each request for the middleware of ours that is around all.

    In the settings: ``MIDDLEWARE = ["pulsemon.middleware.DjangoRoute", …]``; in ``wsgi.py``:
    ``application = WsgiMiddleware(get_wsgi_application(), client)``.

    >>> from types import SimpleNamespace
    >>> request = SimpleNamespace(META={}, resolver_match=SimpleNamespace(route="orders/<int:id>/"))
    >>> middleware = DjangoRoute(lambda request: "answer")
    >>> middleware.process_view(request, None, (), {})
    >>> middleware(request), request.META["pulsemon.route"]
    ('answer', '/orders/<int:id>/')
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            from asgiref.sync import markcoroutinefunction

            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """As Django has it."""
        return self._get_response(request)

    def process_view(self, request: Any, view: object, arguments: object, keywords: object) -> None:  # noqa: ARG002
        """Called by Django when it has found the view."""
        route = getattr(getattr(request, "resolver_match", None), "route", None)
        if route is not None:
            mark(getattr(request, "scope", request.META), f"/{route}")
