"""The processor as a process of its own, set up by the environment alone: ``python -m pulsemon_stream_processors``."""

import logging
import os
import signal
import sys
import threading

from pulsemon_schemas.errors import PulsemonError
from pulsemon_schemas.runtime import notify
from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX as KAFKA_PREFIX
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import load

from pulsemon_stream_processors import processor
from pulsemon_stream_processors.settings import ENVIRONMENT_PREFIX, ProcessorSettings


def main() -> int:
    """Runs until SIGTERM or SIGINT. Exit codes: 0 stopped as asked, 1 could not go on, 2 wrong settings."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("pulsemon_stream_processors").setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load(ProcessorSettings, ENVIRONMENT_PREFIX, os.environ)
        kafka = load(KafkaSettings, KAFKA_PREFIX, os.environ)
        processor.run(settings, kafka, stop, lambda: notify.ready(os.environ))
    except PulsemonError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - the message says all, a trace would hide it
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
