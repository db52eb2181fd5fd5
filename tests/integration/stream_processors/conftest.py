from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.kafka import Broker
    from support.processor import Room


@pytest.fixture
def room(kafka: "Broker") -> "Room":
    from support.processor import make_room

    return make_room(kafka)
