"""Which way a client's records go, made where it is first needed: in the thread that sends."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pulsemon_producers.client.settings import ClientSettings
from pulsemon_producers.client.transport import Nowhere, Transport

if TYPE_CHECKING:
    from pathlib import Path

    from pulsemon_schemas.runtime.kafka import KafkaSettings

OpenTransport = Callable[[], Transport]


def open_transport(settings: ClientSettings, kafka: "KafkaSettings | None", environ: Mapping[str, str]) -> Transport:
    """The transport that the settings name. Raises SettingsError or ValueError if something about it is wrong."""
    if settings.transport == "kafka":
        return _kafka(kafka, environ)
    if settings.transport == "http":
        return _http(settings)
    return Nowhere()


def _kafka(kafka: "KafkaSettings | None", environ: Mapping[str, str]) -> Transport:
    from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, KafkaSettings
    from pulsemon_schemas.runtime.settings import load

    from pulsemon_producers.client.kafka_transport import KafkaTransport

    return KafkaTransport(kafka or load(KafkaSettings, ENVIRONMENT_PREFIX, environ))


def _http(settings: ClientSettings) -> Transport:
    from pathlib import Path

    from pulsemon_schemas.runtime.secret import Secret

    from pulsemon_producers.client.http_transport import PublisherTransport
    from pulsemon_producers.http_publisher import HttpPublisher
    from pulsemon_producers.http_settings import HttpSettings

    key = settings.key or (_key_in(Path(settings.key_file)) if settings.key_file else "")
    ca_file = Path(settings.ca_file) if settings.ca_file else None
    return PublisherTransport(HttpPublisher(HttpSettings(settings.url, Secret(key), ca_file)))


def _key_in(file: "Path") -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"key_file {file}: cannot be read ({error})") from error
