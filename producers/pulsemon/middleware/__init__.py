"""How a web service does, measured around it: for ASGI and for WSGI, whatever framework is inside.

Sent are, under names of OpenTelemetry,

- ``http.server.request.duration``: seconds from the request until the body of the response is through, a histogram; its
  ``.count`` is the number of requests. Labels ``http.route``, ``http.request.method`` and
  ``http.response.status_class``, as ``2xx``;
- ``http.server.active_requests``: how many are being answered now. Label ``http.request.method``;
- ``http.server.request.errors``: exceptions that left the application, by their class in ``exception``, and when the
  last one did in ``….last``. Labels ``http.route`` and ``http.request.method``.

The route is a template, as ``/orders/{id}``, and ``other`` where none is known: paths as they were asked for never
become labels. Nothing that happens here changes what the application answers or raises.
"""

from pulsemon.middleware import routes
from pulsemon.middleware.asgi import AsgiMiddleware
from pulsemon.middleware.django import DjangoRoute
from pulsemon.middleware.wsgi import WsgiMiddleware

__all__ = ["AsgiMiddleware", "DjangoRoute", "WsgiMiddleware", "routes"]
