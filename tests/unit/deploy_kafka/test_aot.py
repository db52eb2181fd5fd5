import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pulsemon_deploy.kafka import aot
from pulsemon_deploy.kafka.jars import Jars
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.runtime.kafka import KafkaSettings


class FailingNode:
    """A node whose training run ends at once."""

    def lay_out(self) -> None:
        pass

    def training_argv(self, output: Path) -> list[str]:
        return ["/bin/echo", "no such option"]

    def wait_ready(self, timeout_seconds: float, is_alive: Callable[[], bool]) -> None:
        while is_alive():
            pass
        raise PermanentError("the broker ended")

    def settings_for(self, role: str) -> KafkaSettings:
        return KafkaSettings()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def jars(cache: Path) -> Jars:
    folder = cache / "kafka-1"
    folder.mkdir()
    (folder / "a.jar").write_bytes(b"a")
    return Jars(folder, ("a.jar",))


def failing_node(folder: Path, cache: Path, ports: tuple[int, int]) -> FailingNode:
    return FailingNode()


def test_without_a_cache_the_broker_runs_all_the_same_and_the_log_says_why(
    jars: Jars, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert aot.ensure(jars, cache, failing_node) is None

    assert "each start takes a second longer: the broker ended" in caplog.text
    assert aot.use_flags(jars, cache) == ()
    assert [path.name for path in cache.iterdir() if not path.name.endswith(".lock")] == ["kafka-1"]


def test_a_cache_that_is_there_is_used_and_not_made_again(jars: Jars, cache: Path) -> None:
    path = aot.path_for(jars, cache)
    path.touch()

    assert aot.ensure(jars, cache, failing_node) == path
    assert f"-XX:AOTCache={path}" in aot.use_flags(jars, cache)


def test_jars_that_changed_need_a_cache_of_their_own(jars: Jars, cache: Path) -> None:
    before = aot.path_for(jars, cache)
    os.utime(jars.folder / "a.jar", (1, 1))

    assert aot.path_for(jars, cache) != before
