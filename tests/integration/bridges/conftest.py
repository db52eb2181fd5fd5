from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.bridges import Alarm
    from support.kafka import Broker


@pytest.fixture
def alarm(kafka: "Broker") -> "Alarm":
    from support.bridges import make_alarm

    return make_alarm(kafka)
