"""What an enrolled host keeps, and what stays as it was in the agent's settings."""

import tomllib
from pathlib import Path

import pytest
from pulsemon_producers.enrolment.files import AgentFiles, with_settings
from pulsemon_producers.enrolment.machine import machine_fingerprint
from pulsemon_schemas import keys
from pulsemon_schemas.errors import PermanentError

WANTED = {"transport": "http", "url": "https://gw.example", "server_id": "web-1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine\n[agent]\ninterval_seconds = 5  # often\n",
        '[kafka]\nbootstrap = "a:1"\n\n[agent]\nurl = "https://old.example"\nserver_id="old"\n\n[local]\nhome = "/x"\n',
        '[[http_probe]]\nurl = "https://stays.example"\n',
        '[agent] # here\nkey = "pm_x"',
    ],
)
def test_settings_are_put_in_place_and_all_else_stays(text: str) -> None:
    made = with_settings(text, WANTED)
    before, after = tomllib.loads(text), tomllib.loads(made)
    assert after["agent"] == before.get("agent", {}) | WANTED
    assert {name: table for name, table in after.items() if name != "agent"} == {
        name: table for name, table in before.items() if name != "agent"
    }
    assert [line for line in text.splitlines() if "#" in line] == [line for line in made.splitlines() if "#" in line]
    assert with_settings(made, WANTED) == made


@pytest.mark.parametrize("text", ['agent = {url = "x"}\n', '[agent]\nurl = """\nx"""\n', "not toml"])
def test_what_is_written_in_another_way_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match=r"by hand|Expected"):
        with_settings(text, WANTED)


def test_the_key_is_there_before_anybody_is_asked_and_stays_the_same_until_it_is_kept(tmp_path: Path) -> None:
    files = AgentFiles(tmp_path / "etc" / "agent.toml")
    key = files.prepare()
    assert keys.shown(key) is not None
    assert files.prepare() == key, "a host that was cut off goes on with it"
    assert not files.config.exists()

    files.keep(WANTED)

    assert files.key.read_text().strip() == key
    assert tomllib.loads(files.config.read_text())["agent"] == {**WANTED, "key_file": str(files.key)}
    assert oct(files.key.stat().st_mode & 0o777) == "0o600"
    assert files.prepare() != key


def test_what_cannot_be_written_is_known_before_the_gateway_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermanentError, match="--config"):
        AgentFiles(tmp_path / "file" / "agent.toml").prepare()
    (tmp_path / "agent.toml").write_text("[agent\n")
    with pytest.raises(PermanentError, match="Nothing was changed"):
        AgentFiles(tmp_path / "agent.toml").prepare()


def test_a_machine_is_known_by_a_name_that_tells_nothing_else(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    second.write_text("a" * 32 + "\n")
    name = machine_fingerprint([first, second])
    assert (len(name), "a" * 32 in name) == (64, False)
    second.write_text("b" * 32)
    assert machine_fingerprint([first, second]) != name
    second.write_text("uninitialized")
    assert machine_fingerprint([first, second]) == ""
