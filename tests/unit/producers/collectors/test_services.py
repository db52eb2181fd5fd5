from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.services import ServiceCollector

TICK = Tick(1_790_000_000_000, None, "boot", {}, frozenset())


def test_services_that_are_to_be_watched_where_nobody_can_are_an_error(tmp_path: Path) -> None:
    host = Host(root=tmp_path)

    assert list(ServiceCollector(host).collect(TICK)) == []
    with pytest.raises(OSError, match=r"systemd does not run here, so nobody can tell of nginx\.service"):
        list(ServiceCollector(host, ["nginx"]).collect(TICK))
