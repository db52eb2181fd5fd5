"""The client that the programs of this folder share, as a service would make it."""

import os

from pulsemon import Client
from pulsemon_producers.client.transport import Transport


def open_transport() -> Transport:
    """A real Kafka, with the topics of the test."""
    from pulsemon_producers.client.kafka_transport import KafkaTransport
    from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, KafkaSettings
    from pulsemon_schemas.runtime.settings import load

    settings = load(KafkaSettings, ENVIRONMENT_PREFIX, os.environ)
    return KafkaTransport(settings, os.environ["METRICS_TOPIC"], os.environ["EVENTS_TOPIC"])


def make_client(exit_seconds: float = 10.0) -> Client:
    """A client that reads often."""
    return Client("shop", transport=open_transport, flush_interval_seconds=0.2, exit_seconds=exit_seconds)
