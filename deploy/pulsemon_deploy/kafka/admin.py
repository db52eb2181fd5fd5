"""The administrator's client."""

from confluent_kafka.admin import AdminClient
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

_ERRORS_ONLY = 3


def admin_client(settings: KafkaSettings) -> AdminClient:
    """A client for a few calls: keep it until their futures are done. Connections that it drops are no news."""
    return AdminClient({**client_config(settings), "log_level": _ERRORS_ONLY})
