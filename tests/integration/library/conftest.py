from pathlib import Path

import pytest
from support.embedded_clients import Place
from support.kafka import Broker


@pytest.fixture
def place(kafka: Broker, tmp_path: Path) -> Place:
    """Topics and slots of this test alone."""
    return Place(kafka, kafka.create_topics("shop"), tmp_path)
