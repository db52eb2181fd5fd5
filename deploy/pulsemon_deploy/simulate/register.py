"""Makes the simulated servers known: one control record each, written once, and one rule for all of them."""

import logging
import threading
import time
from collections.abc import Sequence

from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy import registration
from pulsemon_deploy.simulate.demo_rule import demo_rule
from pulsemon_deploy.simulate.fleet import Server

log = logging.getLogger(__name__)

# The login of the simulator may use groups that begin so.
GROUP_ID = "pulsemon-simulator-register"
AUTHOR = "pulsemon simulate"
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.5


def register(kafka: KafkaSettings, servers: Sequence[Server], stop: threading.Event) -> tuple[str, ...]:
    """Writes the records that the control log lacks and returns the ids of new servers; may be repeated.

    TransientError if the control log could not be used for half a minute, or until the stop.
    """
    bodies = {one.server_id: one.description() for one in servers}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            registration.write_first(kafka, GROUP_ID, [demo_rule()])
            return registration.register(kafka, GROUP_ID, bodies, AUTHOR)
        except TransientError as error:
            # a topic that was just made has no leader for a moment
            if stop.wait(PAUSE_SECONDS) or time.monotonic() > deadline:
                raise
            log.info("%s; trying again", error)
