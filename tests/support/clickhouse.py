"""The real ClickHouse engine for tests: on free ports, killed with the tests, a database of its own for each test."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from pulsemon_deploy.clickhouse import EngineSettings
from pulsemon_deploy.clickhouse.settings import ENVIRONMENT_PREFIX
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas.runtime.settings import Secret
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.waiting import wait_until

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class Engine:
    """One engine. ``settings`` is the writer's login, ``reader_settings`` the reader's."""

    def __init__(self, folder: Path, **options: Any) -> None:
        port, http_port = free_ports(2)
        self.engine_settings = EngineSettings(
            folder=folder / "engine",
            port=port,
            http_port=http_port,
            writer_password=Secret(uuid.uuid4().hex),
            reader_password=Secret(uuid.uuid4().hex),
            **options,
        )
        self._console = folder / "engine-console.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> ClickHouseSettings:
        """The writer's login; its database is there."""
        own = self.engine_settings
        return self._login(own.writer_user, own.writer_password)

    @property
    def reader_settings(self) -> ClickHouseSettings:
        """The reader's login."""
        own = self.engine_settings
        return self._login(own.reader_user, own.reader_password)

    def _login(self, user: str, password: Secret) -> ClickHouseSettings:
        own = self.engine_settings
        return ClickHouseSettings(own.host, own.port, own.http_port, user, password, database="default")

    def fresh_database(self) -> ClickHouseSettings:
        """The writer's login in a new, empty database."""
        settings = replace(self.settings, database=f"test_{uuid.uuid4().hex[:12]}")
        with self.client() as client:
            client.execute(f"CREATE DATABASE {settings.database}")
        return settings

    def drop(self, settings: ClickHouseSettings) -> None:
        """Removes a database: each table of one holds a megabyte of what the engine thinks it may use."""
        with self.client() as client:
            client.execute(f"DROP DATABASE IF EXISTS {settings.database} SYNC")

    def reader_of(self, settings: ClickHouseSettings) -> ClickHouseSettings:
        """The reader's login in the database of other settings."""
        return replace(self.reader_settings, database=settings.database)

    @contextmanager
    def client(self, settings: ClickHouseSettings | None = None, /, **options: Any) -> Iterator[Client]:
        """A connection of clickhouse-driver, as the writer unless other settings are given."""
        used = settings or self.settings
        client = Client(
            used.host, used.port, user=used.user, password=used.password.reveal(), database=used.database, **options
        )
        try:
            yield client
        finally:
            client.disconnect()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the engine was never started"
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def console(self) -> str:
        """What the process printed, over all its starts."""
        return self._console.read_text() if self._console.exists() else ""

    def launch(self) -> None:
        """Starts the process and does not wait."""
        assert not self.is_alive, "the engine is running"
        argv = [sys.executable, "-m", "pulsemon_deploy.clickhouse"]
        self._process = start_child(argv, {**os.environ, **self.environment}, self._console)

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the process reads them."""
        own = self.engine_settings
        values = {field.name: getattr(own, field.name) for field in fields(own)}
        return {
            f"{ENVIRONMENT_PREFIX}{name.upper()}": value.reveal() if isinstance(value, Secret) else str(value)
            for name, value in values.items()
        }

    def start(self) -> None:
        """Starts the engine, again on the same data and ports, and returns when it answers."""
        self.launch()
        wait_until(self._answers, START_SECONDS, "the ClickHouse engine answers")

    def _answers(self) -> bool:
        assert self.is_alive, f"the engine ended: {self.console[-2000:]}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.engine_settings.http_port}/ping", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """kill -9, and waits for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None, "the engine was never started"
        self._process.terminate()
        return self._process.wait(STOP_SECONDS)


@contextmanager
def running_engine(folder: Path, **options: Any) -> Iterator[Engine]:
    """A started engine whose data lies in ``folder``; killed at the end. ``options``: fields of EngineSettings."""
    engine = Engine(folder, **options)
    try:
        engine.start()
        yield engine
    finally:
        engine.kill()
