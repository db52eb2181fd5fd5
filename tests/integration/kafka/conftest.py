"""A broker of this folder's own, with the real topics: its tests count on their exact number and permissions."""

from collections.abc import Iterator

import pytest
from pulsemon_deploy.kafka import ensure_topics
from support.kafka import Broker, running_broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that stays up."""
    with running_broker(tmp_path_factory.mktemp("kafka-own")) as running:
        ensure_topics(running.settings, partition_count=4)
        yield running


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker for one test, to be killed and spoilt."""
    with running_broker(tmp_path_factory.mktemp("kafka-mortal")) as running:
        yield running
