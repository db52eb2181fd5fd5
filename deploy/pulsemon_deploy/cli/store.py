"""Questions to the store, for the commands that ask it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.reader.alerts import Ask

ANSWER_SECONDS = 10.0


@contextmanager
def asking(answer_seconds: float = ANSWER_SECONDS) -> "Iterator[Ask]":
    """Asks with the login that may only read; connects at the first question, whose errors are as Store."""
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.reader.alerts import asker

    settings = installation(os.environ).clickhouse_reader()
    store = NativeStore(settings, timeout_seconds=answer_seconds)
    try:
        yield asker(store, settings.database)
    finally:
        store.close()
