"""A real, secured Apache Kafka for tests: on free ports, killed with the tests, topics of their own for each test."""

import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from pulsemon_deploy.kafka import LocalKafka, ensure_access, ensure_topics
from pulsemon_deploy.kafka.access import grant_all, topic_grants
from pulsemon_deploy.kafka.admin import admin_client
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.topics import TOPICS, Topic

START_SECONDS = 30.0
STOP_SECONDS = 20.0


class Broker:
    """One running broker. ``settings`` is the administrator's login; groups of a role begin with ``pulsemon-ROLE``."""

    def __init__(self, node: LocalKafka) -> None:
        self.node = node
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> KafkaSettings:
        """The administrator's login, who may do all."""
        return self.node.settings_for("admin")

    def settings_for(self, role: str) -> KafkaSettings:
        """The login of a role, with the permissions that the data about topics gives it."""
        return self.node.settings_for(role)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the broker was never started"
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts the broker and returns when it answers; logins and ACLs are made as at each real start."""
        assert not self.is_alive, "the broker is running"
        self.node.prepare()
        console = self.node.logs_folder / "console.log"
        self._process = start_child(self.node.argv(), self.node.environment({}), console)
        try:
            self.node.wait_ready(START_SECONDS, lambda: self.is_alive)
        except Exception as error:
            error.add_note(f"console: {console.read_text()[-2000:]}\nlog: {self.node.log_file.read_text()[-2000:]}")
            raise
        ensure_access(self.settings, lambda role: self.settings_for(role).password.reveal())

    def kill(self) -> None:
        """kill -9, and waits for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and waits for the end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)

    def create_topics(
        self, prefix: str = "", partition_count: int = 4, topics: Sequence[Topic] = TOPICS
    ) -> dict[str, str]:
        """New topics with the settings and permissions of ours: our name to theirs (unique, with the prefix)."""
        own = f"{prefix or 'test'}-{uuid.uuid4().hex[:8]}."
        copies: list[Topic] = [replace(topic, name=own + topic.name) for topic in topics]
        ensure_topics(self.settings, partition_count, copies)
        grant_all(self.admin(), [grant.binding() for grant in topic_grants(copies)])
        return {topic.name: own + topic.name for topic in topics}

    def delete_topics(self, names: dict[str, str]) -> None:
        """Deletes what ``create_topics`` made, for tests that fill theirs."""
        admin = self.admin()
        for future in admin.delete_topics(list(names.values())).values():
            future.result(STOP_SECONDS)

    def admin(self) -> AdminClient:
        return admin_client(self.settings)

    def producer(self, role: str = "admin", options: Mapping[str, Any] | None = None) -> Producer:
        """A plain idempotent producer of a role; options are librdkafka's."""
        return Producer({**client_config(self.settings_for(role)), "enable.idempotence": True, **(options or {})})


@contextmanager
def running_broker(folder: Path) -> Iterator[Broker]:
    """A started broker whose data, log and secret lie in ``folder``; killed at the end."""
    broker = Broker(local_node(folder))
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def local_node(folder: Path) -> LocalKafka:
    """A node that is not started, with the cache that all installations of this user share."""
    port, controller_port = free_ports(2)
    return LocalKafka(
        folder=folder / "kafka",
        logs_folder=folder / "logs",
        secret_file=folder / "secrets" / "kafka",
        cache_folder=shared_cache(),
        port=port,
        controller_port=controller_port,
    )


def shared_cache() -> Path:
    """The cache of jars of the person who runs the tests: downloading them for each run would take half a minute."""
    import os

    from pulsemon_deploy.kafka import cache_folder

    return cache_folder(os.environ)


def kafka_environment(kafka: KafkaSettings) -> dict[str, str]:
    """A login as a role reads it from its environment."""
    return {
        "PULSEMON_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "PULSEMON_KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
        "PULSEMON_KAFKA_SASL_MECHANISM": kafka.sasl_mechanism,
        "PULSEMON_KAFKA_USERNAME": kafka.username,
        "PULSEMON_KAFKA_PASSWORD": kafka.password.reveal(),
    }
