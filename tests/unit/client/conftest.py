from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon import Client
from pulsemon_producers.client.transport import Memory
from support.clients import Maker


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Maker]:
    """Makes clients that send into memory, with slots of this test alone; closes them at the end."""
    clients: list[Client] = []

    def made(transport: object = None, **arguments: object) -> Client:
        defaults: dict[str, object] = {"runtime_folder": str(tmp_path / "slots"), "handles_sigterm": False}
        client = Client("shop", transport=transport or Memory(), **{**defaults, **arguments})  # type: ignore[arg-type]  # as given
        clients.append(client)
        return client

    yield made
    for client in clients:
        client.close(0)


@pytest.fixture
def client(make: Maker) -> Client:
    """One that sends into memory."""
    return make()
