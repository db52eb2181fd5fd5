"""Why Kafka does not take metrics, in words for people who can do something about it."""

import logging
from collections.abc import Mapping
from enum import Enum

from confluent_kafka import KafkaError
from pulsemon_schemas.runtime.kafka import KafkaSettings

NO_ANSWER = "no answer"
ENDS_EVERYTHING = "it ends each connection at once, as one does that wants another security_protocol"
KEPT = "Metrics are kept in memory within the client's bounds and sent when it does"


class Trouble(Enum):
    """Who has to act."""

    AWAY = "nobody: it passes"
    LOGIN = "who gives the client its name and password"
    RIGHTS = "who gives the login its permissions"
    TLS = "who gives the client its certificates"


KINDS: Mapping[int, Trouble] = {
    KafkaError._AUTHENTICATION: Trouble.LOGIN,  # noqa: SLF001 - its public name
    KafkaError.SASL_AUTHENTICATION_FAILED: Trouble.LOGIN,
    KafkaError.UNSUPPORTED_SASL_MECHANISM: Trouble.LOGIN,
    KafkaError.ILLEGAL_SASL_STATE: Trouble.LOGIN,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: Trouble.RIGHTS,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: Trouble.RIGHTS,
    KafkaError._SSL: Trouble.TLS,  # noqa: SLF001 - its public name
}
"""Errors of librdkafka and the broker; all others pass by themselves."""

TEXTS: Mapping[Trouble, str] = {
    Trouble.AWAY: f"Kafka at %s does not take metrics: %s. {KEPT}; nothing more is logged until then.",
    Trouble.LOGIN: (
        f"Kafka at %s does not accept the login %r: %s. {KEPT}, as it is asked again all the time. Set a name and a "
        "password that it knows, as in PULSEMON_KAFKA_USERNAME and PULSEMON_KAFKA_PASSWORD, and start the service "
        "again."
    ),
    Trouble.RIGHTS: (
        f"Kafka at %s does not let the login %r write metrics and events: %s. {KEPT}, as it is asked again all the "
        "time. Give the login the permission to write to these topics, or set one that has it, and start the service "
        "again."
    ),
    Trouble.TLS: (
        f"Kafka at %s and the client do not trust each other: %s. {KEPT}. Look at security_protocol and ca_file, and "
        "start the service again."
    ),
}


class Troubles:
    """Tells each kind once, until Kafka takes records again."""

    def __init__(self, settings: KafkaSettings, log: logging.Logger) -> None:
        self._bootstrap = settings.bootstrap
        self._username = settings.username
        self._log = log
        self._cause: KafkaError | None = None
        self._is_down = False
        self._told: set[Trouble] = set()

    def note(self, error: KafkaError) -> None:
        """Keeps what librdkafka meets on its own, for who asks why nothing arrives.

        That all brokers are down is its summary of the error before, if there was one.
        """
        if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - its public name
            self._is_down = True
        else:
            self._cause = error

    def tell(self, error: KafkaError | None = None) -> None:
        """Why a record has not arrived: ``error``, or what was noted where that says no more than that it took long."""
        if error is None or error.code() == KafkaError._MSG_TIMED_OUT:  # noqa: SLF001 - its public name
            error = self._cause or error
        kind = Trouble.AWAY if error is None else KINDS.get(error.code(), Trouble.AWAY)
        if kind in self._told or (kind is Trouble.AWAY and self._told):
            return
        self._told.add(kind)
        silence = ENDS_EVERYTHING if self._is_down else NO_ANSWER
        why = silence if error is None else error.str()
        login = [self._username] if kind in (Trouble.LOGIN, Trouble.RIGHTS) else []
        self._log.warning(TEXTS[kind], self._bootstrap, *login, why)

    def end(self) -> None:
        """It takes records."""
        if self._told:
            self._log.info("Kafka at %s takes metrics again.", self._bootstrap)
        self._told.clear()
        self._cause = None
        self._is_down = False
