"""Which way an agent's batches go: to Kafka, or over HTTP to a gateway."""

from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_producers.publisher import Publisher
from pulsemon_producers.settings import AgentSettings, http_settings

CLIENT_ID = "pulsemon-agent"


def open_publisher(settings: AgentSettings, kafka: KafkaSettings | None, topic: str) -> Publisher:
    """The publisher of the transport that the settings name. Connects later. SettingsError, PermanentError."""
    if settings.transport == "http":
        from pulsemon_producers.http_publisher import HttpPublisher

        return HttpPublisher(http_settings(settings))
    if kafka is None:
        raise SettingsError(["the transport kafka needs PULSEMON_KAFKA_*"])
    from pulsemon_producers.kafka_publisher import KafkaPublisher

    return KafkaPublisher(kafka, CLIENT_ID, topic)
