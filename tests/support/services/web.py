"""A web service that counts its requests, made before the workers are."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from support.services.shop import make_client

client = make_client()
requests = client.counter("shop.requests")


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers everything with the number of its process."""
    requests.add()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
