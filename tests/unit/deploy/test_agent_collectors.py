"""What the TOML file and the environment add reaches the agent that the command line starts."""

from pathlib import Path

from pulsemon_deploy.cli.agent_role import _collectors
from pulsemon_deploy.installation import installation
from pulsemon_producers.collectors.host import Host

FILE = """
[local]
home = "{home}"
[agent]
interval_seconds = 5
[[probe]]
name = "web"
url = "http://127.0.0.1:1/"
[textfile]
folder = "{home}/text"
"""


def test_collectors_of_the_file_run_beside_the_agents_own(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(FILE.format(home=tmp_path / "home"))
    own = installation({"PULSEMON_CONFIG_FILE": str(file), "PULSEMON_AGENT_COLLECTORS": "mail, queue"})

    names = [collector.name for collector in _collectors(own)(Host(), own.agent())]

    assert names[-4:] == ["custom.mail", "custom.queue", "textfile", "probe.web"]
    assert {"cpu", "memory", "filesystem"} <= set(names)
    assert own.agent().interval_seconds == 5.0
