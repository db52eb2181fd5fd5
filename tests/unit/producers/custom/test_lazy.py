"""An agent to which nothing is added pays for nothing of it."""

import subprocess
import sys

PROGRAM = """
import sys
from pulsemon_producers import agent
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.roster import built_in_and
from pulsemon_producers.custom.settings import CustomSettings
from pulsemon_producers.settings import AgentSettings

built_in_and(CustomSettings())(Host(), AgentSettings())
print(*sys.modules)
"""


def test_what_is_not_set_is_not_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "pulsemon_producers.custom.probe.settings" in loaded
    assert not loaded & {"ssl", "http.client"}
    assert not {name for name in loaded if name.startswith("pulsemon_producers.custom") and name.endswith(".collector")}
