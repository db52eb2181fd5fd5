"""A broker that somebody else runs: then none is started here."""

from collections.abc import Mapping
from pathlib import Path

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import load

PREFIX = "PULSEMON_KAFKA_"
BOOTSTRAP = f"{PREFIX}BOOTSTRAP"


def outside_broker(environ: Mapping[str, str], file: Path | None = None) -> KafkaSettings | None:
    """Its settings if ``PULSEMON_KAFKA_BOOTSTRAP`` is set, None if this machine's own is to be used. SettingsError."""
    return load(KafkaSettings, PREFIX, environ, file) if environ.get(BOOTSTRAP) else None
