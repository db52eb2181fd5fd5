"""One TOML file with a table for each prefix; the environment wins, and what the home has comes last."""

from pathlib import Path

import pytest
from pulsemon_deploy.installation import Installation, installation
from pulsemon_schemas.errors import SettingsError

FILE = """
[local]
home = "{home}"
ui_port = 8600

[agent]
interval_seconds = 2
state_dir = "/var/lib/agent"

[kafka]
bootstrap = "kafka:9092"
"""


def written(folder: Path, text: str, **environ: str) -> Installation:
    path = folder / "pulsemon.toml"
    path.write_text(text.format(home=folder / "home"))
    return installation({"PULSEMON_CONFIG_FILE": str(path), **environ})


def test_the_file_says_what_the_environment_does_not(tmp_path: Path) -> None:
    own = written(tmp_path, FILE)
    assert own.home.root == tmp_path / "home"
    assert own.ui().port == 8600
    assert own.agent().interval_seconds == 2.0
    assert own.agent().state_dir == Path("/var/lib/agent")
    assert not own.has_own_kafka
    assert own.kafka("sink").bootstrap == "kafka:9092"
    assert own.has_own_clickhouse


def test_the_environment_wins(tmp_path: Path) -> None:
    own = written(tmp_path, FILE, PULSEMON_AGENT_INTERVAL_SECONDS="5", PULSEMON_KAFKA_BOOTSTRAP="")
    assert own.agent().interval_seconds == 5.0
    assert own.has_own_kafka, "set to nothing in the environment"


def test_what_is_chosen_on_the_command_line_wins_over_both(tmp_path: Path) -> None:
    own = written(tmp_path, "[simulator]\nservers = 3\nseed = 4\n", PULSEMON_SIMULATOR_SERVERS="5")
    assert own.simulator({}).servers == 5
    chosen = own.simulator({"servers": "6"})
    assert (chosen.servers, chosen.seed) == (6, 4)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.toml cannot be read \(No such file or directory\)"):
        installation({"PULSEMON_CONFIG_FILE": str(tmp_path / "none.toml")})
