"""One local Kafka node: its folder, its command line, its logins. Who runs the process is not decided here."""

import base64
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import Secret

from pulsemon_deploy.kafka import aot, java
from pulsemon_deploy.kafka.checkpoint import bootstrap_checkpoint
from pulsemon_deploy.kafka.jars import locate, resolve
from pulsemon_deploy.kafka.properties import ADMIN_USER, BROKER_USER, HOST, NODE_ID, server_properties
from pulsemon_deploy.kafka.ready import wait_ready
from pulsemon_deploy.kafka.scram import MECHANISM, derive
from pulsemon_deploy.kafka.secret import ensure_secret, password, read_secret
from pulsemon_deploy.ports import check_free

MAIN_CLASS = "kafka.Kafka"
PORT_SETTING = "PULSEMON_LOCAL_KAFKA_PORT"
CONTROLLER_PORT_SETTING = "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT"
LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")


@dataclass(frozen=True, slots=True)
class LocalKafka:
    """An Apache Kafka node on loopback. ``prepare`` it, run ``argv`` in ``environment``, then ``wait_ready``.

    ``folder`` holds the data (``data/``), the server's settings and its temporary files; ``logs_folder`` its log;
    ``secret_file`` the secret that all its passwords come from; ``cache_folder`` is shared by all nodes of a user.
    """

    folder: Path
    logs_folder: Path
    secret_file: Path
    cache_folder: Path
    port: int
    controller_port: int

    @property
    def data_folder(self) -> Path:
        """The log itself. Without it the node starts as a new, empty cluster."""
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        """The node's own log: warnings, starts and stops, who was refused what; older ones lie beside it."""
        return self.logs_folder / "kafka.log"

    def prepare(self) -> None:
        """Everything up to the start: ports, jars, start-up cache, secret, a formatted data folder, settings.

        Keeps what is there. Raises SettingsError for a port in use, PermanentError for what only a person can mend.
        """
        check_free({PORT_SETTING: self.port, CONTROLLER_PORT_SETTING: self.controller_port})
        jars = resolve(self.cache_folder)
        aot.ensure(jars, self.cache_folder, _training_node)
        self.lay_out()

    def lay_out(self) -> None:
        """Writes the folder, without jars and ports; the cluster id of a formatted data folder stays."""
        secret = ensure_secret(self.secret_file)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Codecs unpack their native libraries there, and leave them behind when the process is killed.
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        (self.folder / "tmp").mkdir(mode=0o700)
        text = server_properties(self.data_folder, self.port, self.controller_port, secret)
        _write_private(self.folder / "server.properties", text.encode())
        if not (self.data_folder / "meta.properties").exists():
            self._format(secret)

    def argv(self) -> list[str]:
        """The command line of the node; it stays in the foreground and ends on SIGTERM."""
        return self._command(aot.use_flags(locate(self.cache_folder), self.cache_folder))

    def training_argv(self, output: Path) -> list[str]:
        """The command line of a run that writes the start-up cache to ``output`` when it ends."""
        return self._command(aot.training_flags(output))

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment to run ``argv`` in: without what configures other Java programs of the machine."""
        return java.java_environment(environ)

    def wait_ready(self, timeout_seconds: float = 30.0, is_alive: Callable[[], bool] = lambda: True) -> None:
        """Returns once the node answers its administrator; errors as ``ready.wait_ready``."""
        wait_ready(self.settings_for(ADMIN_USER), timeout_seconds, is_alive, str(self.log_file))

    def settings_for(self, role: str) -> KafkaSettings:
        """How a role reaches this node. Logins other than ``admin`` exist once ``ensure_access`` made them."""
        return KafkaSettings(
            bootstrap=f"{HOST}:{self.port}",
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism=MECHANISM,
            username=role,
            password=Secret(password(read_secret(self.secret_file), role)),
        )

    def _command(self, cache_flags: Iterable[str]) -> list[str]:
        return [
            str(java.java_binary()),
            *java.FLAGS,
            *cache_flags,
            f"-XX:ErrorFile={self.logs_folder}/java_error_%p.log",
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
            f"-Dpulsemon.kafka.logs={self.logs_folder}",
            "-cp",
            locate(self.cache_folder).class_path,
            MAIN_CLASS,
            str(self.folder / "server.properties"),
        ]

    def _format(self, secret: bytes) -> None:
        """A new cluster, with the logins that nobody could create over the network. ``meta.properties`` comes last."""
        self.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first_users = [derive(name, password(secret, name)) for name in (ADMIN_USER, BROKER_USER)]
        checkpoint = bootstrap_checkpoint(first_users, int(time.time() * 1000))
        _write_private(self.data_folder / "bootstrap.checkpoint", checkpoint)
        meta = f"version=1\ncluster.id={_kafka_uuid()}\nnode.id={NODE_ID}\ndirectory.id={_kafka_uuid()}\n"
        _write_private(self.data_folder / "meta.properties", meta.encode())


def _training_node(folder: Path, cache_folder: Path, ports: tuple[int, int]) -> LocalKafka:
    return LocalKafka(folder / "kafka", folder / "logs", folder / "secret", cache_folder, *ports)


def _write_private(path: Path, content: bytes) -> None:
    """Replaces the file at once; readable by its owner alone from the first byte."""
    staging = path.with_name(f".{path.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    staging.write_bytes(content)
    staging.rename(path)


def _kafka_uuid() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
