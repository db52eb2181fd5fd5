"""Where Kafka is, who we are there, and the client settings that keep the product's promises (librdkafka's names)."""

from dataclasses import dataclass
from typing import Literal

from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

ENVIRONMENT_PREFIX = "PULSEMON_KAFKA_"

Config = dict[str, str | int | float | bool]

LOG_LEVEL_WARNING = 4
CONSUMER_QUEUE_KBYTES = 32_768


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """One Kafka cluster and one login. ``ca_file`` is a PEM file, "" for the system's authorities.

    Raises ValueError for an address or a login that is none. Example::

        KafkaSettings("kafka.example:9093", "SASL_SSL", username="agent", password=Secret("…"))
    """

    bootstrap: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    username: str = ""
    password: Secret = NO_SECRET
    ca_file: str = ""

    def __post_init__(self) -> None:
        for address in self.bootstrap.split(","):
            _check_address(address.strip())
        if self.uses_sasl and not (self.username and self.password):
            raise ValueError(f"security_protocol {self.security_protocol} needs username and password")
        if self.username and not self.uses_sasl:
            raise ValueError("a username is of no use without security_protocol SASL_PLAINTEXT or SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        """True if a name and a password are sent."""
        return self.security_protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """True if the connection is encrypted."""
        return self.security_protocol.endswith("SSL")


def client_config(settings: KafkaSettings) -> Config:
    """What every client needs: address, security, and short waits before it tries again.

    The client's own warnings go to standard error; ``Consumer(config, logger=…)`` sends them to a logger at each poll.
    """
    config: Config = {
        "bootstrap.servers": settings.bootstrap,
        "security.protocol": settings.security_protocol,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "retry.backoff.ms": 50,
        "retry.backoff.max.ms": 500,
        "socket.timeout.ms": 6000,
        "socket.connection.setup.timeout.ms": 2000,
        # below warnings librdkafka tells of each connection it opens and closes
        "log_level": LOG_LEVEL_WARNING,
    }
    if settings.uses_sasl:
        config["sasl.mechanism"] = settings.sasl_mechanism
        config["sasl.username"] = settings.username
        config["sasl.password"] = settings.password.reveal()
    if settings.uses_tls and settings.ca_file:
        config["ssl.ca.location"] = settings.ca_file
    return config


def producer_config(settings: KafkaSettings, client_id: str) -> Config:
    """An idempotent producer: what is acknowledged is on all replicas, once and in order.

    The partitioner is the one that ``partitioner.partition_for`` computes; librdkafka's default is another.
    """
    return client_config(settings) | {
        "client.id": client_id,
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "zstd",
        "partitioner": "murmur2_random",
        "linger.ms": 20,
        "batch.size": 262_144,
        "request.timeout.ms": 5000,
        "delivery.timeout.ms": 120_000,
    }


def consumer_config(settings: KafkaSettings, group_id: str, client_id: str) -> Config:
    """A consumer that reads only what is committed, from the start, and whose offsets move only when told to."""
    return client_config(settings) | {
        "client.id": client_id,
        "group.id": group_id,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 2000,
        "queued.max.messages.kbytes": CONSUMER_QUEUE_KBYTES,
    }


def _check_address(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"bootstrap has {address!r}: write host:port, several with commas")
