"""The settings of a login as text for other Kafka clients."""

import dataclasses
import shlex

from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, KafkaSettings, client_config
from pulsemon_schemas.runtime.secret import Secret

# Where and who; how long our own clients wait for what is nobody else's concern.
_PREFIXES = ("bootstrap.", "security.", "sasl.", "ssl.")


def client_config_text(settings: KafkaSettings) -> str:
    """``name=value`` lines in librdkafka's names, as kcat reads them (``kcat -F FILE -L``). Holds the password."""
    config = client_config(settings)
    return "".join(f"{name}={value}\n" for name, value in config.items() if name.startswith(_PREFIXES))


def client_environment_text(settings: KafkaSettings) -> str:
    """The same as ``PULSEMON_KAFKA_NAME=value`` lines, for programs that use our library. Holds the password."""
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    texts = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
    return "".join(f"{ENVIRONMENT_PREFIX}{name.upper()}={shlex.quote(text)}\n" for name, text in texts.items() if text)
