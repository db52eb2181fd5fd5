import uuid
from collections.abc import Iterator

import pytest
from support.gateways import Gateway, running_gateway
from support.kafka import Broker


@pytest.fixture(scope="package", name="gateway")
def one_gateway(kafka: Broker) -> Iterator[Gateway]:
    """One for all tests of this folder; each has a server of its own."""
    with running_gateway(kafka) as gateway:
        yield gateway


@pytest.fixture
def server_id() -> str:
    return f"web-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="package")
def any_key(gateway: Gateway) -> str:
    """For what never gets so far as to be written."""
    return gateway.new_key("web-any").text
