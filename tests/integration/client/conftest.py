from pathlib import Path

import pytest
from pulsemon_schemas.topics import EVENTS, METRICS
from support.embedded_clients import Place
from support.kafka import Broker


@pytest.fixture
def place(kafka: Broker, tmp_path: Path) -> Place:
    """Topics and slots of this test alone."""
    return Place(kafka, kafka.create_topics("client", topics=[METRICS, EVENTS]), tmp_path)
