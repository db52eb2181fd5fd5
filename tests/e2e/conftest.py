"""One whole stack for the end-to-end tests, with an agent that takes samples often enough to test with."""

from collections.abc import Iterator

import pytest
from support.stack import Stack, running_stack

AGENT_INTERVAL_SECONDS = 2


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """``pulsemon up`` on this machine, in a home and on ports of its own."""
    settings = {
        "PULSEMON_AGENT_INTERVAL_SECONDS": str(AGENT_INTERVAL_SECONDS),
        "PULSEMON_LOCAL_OWN_METRICS_SECONDS": str(AGENT_INTERVAL_SECONDS),
    }
    with running_stack(tmp_path_factory.mktemp("stack"), settings=settings) as running:
        yield running
