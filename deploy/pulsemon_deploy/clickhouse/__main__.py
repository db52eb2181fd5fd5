"""``python -m pulsemon_deploy.clickhouse``: the embedded engine as a process of its own."""

import logging
import os
import signal
import sys
import threading

from pulsemon_schemas.errors import PulsemonError, SettingsError
from pulsemon_schemas.runtime import notify
from pulsemon_schemas.runtime.settings import load

from pulsemon_deploy.clickhouse.settings import ENVIRONMENT_PREFIX, EngineSettings


def main() -> int:
    """Serves until SIGTERM or SIGINT. 0 after a clean stop, 1 if the engine cannot run, 2 for wrong settings."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load(EngineSettings, ENVIRONMENT_PREFIX, os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    from pulsemon_deploy.clickhouse.server import serve

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(settings, stop, lambda: notify.ready(os.environ))
    except PulsemonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
