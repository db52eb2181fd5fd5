"""The sink as a process of its own, set up by the environment alone: ``python -m pulsemon_sinks``."""

import logging
import os
import signal
import sys
import threading

from pulsemon_schemas.errors import PulsemonError
from pulsemon_schemas.runtime import notify
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import load

from pulsemon_sinks import sink
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.settings import SinkSettings


def main() -> int:
    """Runs until SIGTERM or SIGINT.

    Exit codes: 0 stopped as asked, 2 wrong settings or a database that does not fit.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)  # we log its failures ourselves, without traces
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load(SinkSettings, "PULSEMON_SINK_", os.environ)
        kafka = load(KafkaSettings, "PULSEMON_KAFKA_", os.environ)
        clickhouse = load(ClickHouseSettings, "PULSEMON_CLICKHOUSE_", os.environ)
        sink.run(settings, kafka, clickhouse, stop, lambda: notify.ready(os.environ))
    except PulsemonError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - the message says all, a trace would hide it
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
