"""Which way a client's records go, made where it is first needed: in the thread that sends."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pulsemon_producers.client.settings import ClientSettings
from pulsemon_producers.client.transport import Nowhere, Transport

if TYPE_CHECKING:
    from pulsemon_schemas.runtime.kafka import KafkaSettings

log = logging.getLogger(__name__)

OpenTransport = Callable[[], Transport]


def open_transport(settings: ClientSettings, kafka: "KafkaSettings | None", environ: Mapping[str, str]) -> Transport:
    """The transport that the settings name. What is wrong is logged, and then nothing is sent and nothing kept."""
    from pulsemon_schemas.errors import SettingsError

    try:
        if settings.transport == "kafka":
            return _kafka(kafka, environ)
        if settings.transport == "http":
            return _http(settings)
    except (SettingsError, ValueError) as error:
        log.error(  # noqa: TRY400 - the text says it all
            "The metrics of service %s are not sent: %s. The service itself goes on; mend the settings and start it "
            "again.",
            settings.service,
            error,
        )
    return Nowhere()


def _kafka(kafka: "KafkaSettings | None", environ: Mapping[str, str]) -> Transport:
    from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, KafkaSettings
    from pulsemon_schemas.runtime.settings import load

    from pulsemon_producers.client.kafka_transport import KafkaTransport

    return KafkaTransport(kafka or load(KafkaSettings, ENVIRONMENT_PREFIX, environ))


def _http(settings: ClientSettings) -> Transport:
    from pulsemon_schemas.runtime.secret import Secret

    from pulsemon_producers.client.http_transport import PublisherTransport
    from pulsemon_producers.http_publisher import HttpPublisher
    from pulsemon_producers.http_settings import HttpSettings

    return PublisherTransport(HttpPublisher(HttpSettings(settings.url, Secret(settings.key))))
