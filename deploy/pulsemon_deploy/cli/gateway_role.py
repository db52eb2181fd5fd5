"""The gateway as a role of this machine."""

import gc
import threading
from collections.abc import Callable

from pulsemon_schemas.runtime.own_metrics import OwnMetrics

from pulsemon_deploy.cli.role_process import Body
from pulsemon_deploy.installation import Installation


def body(*, is_behind_proxy: bool) -> Body:
    """Takes metrics over HTTP until told to stop. ``is_behind_proxy`` goes before the settings."""

    def serve(own: Installation, stop: threading.Event, ready: Callable[[], None]) -> None:
        from pulsemon_producers.gateway import role

        settings = own.gateway({"behind_proxy": "true"} if is_behind_proxy else {})
        server_id, seconds = own.agent().server_id, own.local.own_metrics_seconds
        role.run(
            settings,
            own.kafka("gateway"),
            stop,
            lambda: _settle(ready),
            lambda send: OwnMetrics(server_id, "gateway", seconds, send),
        )

    return serve


def _settle(ready: Callable[[], None]) -> None:
    """What is loaded now stays: later collections of garbage need not look at it."""
    gc.collect()
    gc.freeze()
    ready()
