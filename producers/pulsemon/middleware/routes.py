"""Which route a request took: callables from an ASGI scope or a WSGI environment to a template, or None.

An application of a framework that is not here names its route itself: ``scope[MARK] = "/orders/{id}"``, or the same in
the WSGI environment.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

Route = Callable[[Mapping[str, Any]], "str | None"]

MARK = "pulsemon.route"
OTHER = "other"


def marked(request: Mapping[str, Any]) -> str | None:
    """The route that the application, or ``DjangoRoute``, wrote into the scope or environment.

    >>> marked({"pulsemon.route": "/orders/{id}"})
    '/orders/{id}'
    """
    return request.get(MARK)


def starlette(scope: Mapping[str, Any]) -> str | None:
    """The route of Starlette, FastAPI and what is built on them. A mounted application tells its own part alone.

    >>> from types import SimpleNamespace
    >>> starlette({"route": SimpleNamespace(path="/orders/{id}")})
    '/orders/{id}'
    """
    # FastAPI keeps the prefixes of included routers apart from the route
    included = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(included, "path", None) or getattr(scope.get("route"), "path", None)


def flask(environ: Mapping[str, Any]) -> str | None:
    """The rule of Flask and of what else keeps Werkzeug's request in the environment.

    >>> from types import SimpleNamespace
    >>> flask({"werkzeug.request": SimpleNamespace(url_rule=SimpleNamespace(rule="/orders/<id>"))})
    '/orders/<id>'
    """
    return getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)


def known(request: Mapping[str, Any]) -> str | None:
    """The first of ``marked``, ``starlette`` and ``flask`` that knows.

    >>> known({"pulsemon.route": "/a", "path": "/b"}), known({"path": "/b"})
    ('/a', None)
    """
    return marked(request) or starlette(request) or flask(request)


def mark(request: MutableMapping[str, Any], route: str) -> None:
    """Names the route of a request, for applications of no framework.

    >>> scope = {"path": "/orders/7"}
    >>> mark(scope, "/orders/{id}")
    >>> known(scope)
    '/orders/{id}'
    """
    request[MARK] = route
