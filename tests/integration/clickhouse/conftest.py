"""Connections of both logins in a database of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine


@pytest.fixture
def own(clickhouse: Engine) -> ClickHouseSettings:
    """The writer's login in an empty database."""
    return clickhouse.fresh_database()


@pytest.fixture
def writer(clickhouse: Engine, own: ClickHouseSettings) -> Iterator[Client]:
    with clickhouse.client(own) as client:
        yield client


@pytest.fixture
def reader(clickhouse: Engine, own: ClickHouseSettings) -> Iterator[Client]:
    with clickhouse.client(clickhouse.reader_of(own)) as client:
        yield client


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A file that no login may read, with numbers as text."""
    file = tmp_path / "scratch.txt"
    file.write_text("4711\n")
    return file
