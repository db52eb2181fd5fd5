from collections.abc import Iterator

import pytest
from support.kafka import Broker, running_broker


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of this module alone, which its tests may kill; it runs again at the end of each."""
    with running_broker(tmp_path_factory.mktemp("mortal")) as broker:
        yield broker
