"""The settings of a login as text for other Kafka clients."""

from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config


def client_config_text(settings: KafkaSettings) -> str:
    """``name=value`` lines in librdkafka's names, as kcat reads them (``kcat -F FILE -L``). Holds the password."""
    return "".join(f"{name}={value}\n" for name, value in client_config(settings).items())
