"""Session-wide services for tests. A marker is a permission: the fixtures refuse tests that lack it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest_plugins = ["support.rings"]

# The engine counts about 15 MB for each database with our tables, and a session makes some fifty of them.
ENGINE_MEMORY_BYTES = 3_000_000_000

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from support.clickhouse import Engine
    from support.kafka import Broker


def _require_marker(request: pytest.FixtureRequest, marker: str) -> None:
    for item in request.session.items:
        if request.fixturename in getattr(item, "fixturenames", ()) and item.get_closest_marker(marker) is None:
            pytest.fail(f"{item.nodeid} uses {request.fixturename!r} without the marker {marker!r}")


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Broker]":
    """One secured Apache Kafka for the whole session; tests use topics and groups of their own."""
    _require_marker(request, "kafka")
    from support.kafka import running_broker

    with running_broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def clickhouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Engine]":
    """One ClickHouse engine for the whole session; tests use databases of their own."""
    _require_marker(request, "clickhouse")
    from support.clickhouse import running_engine

    with running_engine(tmp_path_factory.mktemp("clickhouse"), memory_bytes=ENGINE_MEMORY_BYTES) as engine:
        yield engine


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> "Iterator[Browser]":
    """One Chromium for the whole session; tests open contexts of their own."""
    _require_marker(request, "browser")
    from support.browser import running_browser

    with running_browser() as chromium:
        yield chromium


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them."""
    import os

    for name in list(os.environ):
        if name.startswith("PULSEMON_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PULSEMON_LOCAL_HOME", str(tmp_path / "home"))
