"""The settings of a login as text for other Kafka clients."""

from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

# Where and who; how long our own clients wait for what is nobody else's concern.
_PREFIXES = ("bootstrap.", "security.", "sasl.", "ssl.")


def client_config_text(settings: KafkaSettings) -> str:
    """``name=value`` lines in librdkafka's names, as kcat reads them (``kcat -F FILE -L``). Holds the password."""
    config = client_config(settings)
    return "".join(f"{name}={value}\n" for name, value in config.items() if name.startswith(_PREFIXES))
