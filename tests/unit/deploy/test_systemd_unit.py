"""The unit of the agent: every option is one that systemd has, and everything that it names is real."""

from pathlib import Path

import click
import pytest
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.installation import installation
from pulsemon_deploy.settings_check import check_settings
from support.gateway import KEY
from support.units import Line, lines, words

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "deploy" / "systemd" / "pulsemon-agent.service"
OPTIONS = ROOT / "tests" / "unit" / "deploy" / "systemd_options.txt"
SPECIFIERS = {"%d": "/run/credentials/pulsemon-agent.service", "%S": "/var/lib"}
MUST = {
    "Type": "notify",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "DynamicUser": "yes",
    "ProtectSystem": "strict",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "Restart": "always",
}


def service() -> dict[str, str]:
    """Options of [Service] that stand once."""
    return {line.name: line.value for line in lines(UNIT) if line.section == "Service"}


def environment() -> dict[str, str]:
    found = {}
    for line in lines(UNIT):
        if line.name == "Environment":
            for word in words(line.value):
                name, _, value = word.partition("=")
                for specifier, path in SPECIFIERS.items():
                    value = value.replace(specifier, path)
                assert "%" not in value, "a specifier that this test does not know"
                found[name] = value
    return found


def test_every_option_is_one_of_systemds_in_the_section_it_belongs_to() -> None:
    """The list is what systemd 252 says that it knows: `systemd --dump-configuration-items`."""
    known = {tuple(text.split(" ", 1)) for text in OPTIONS.read_text().splitlines()}

    assert [line for line in lines(UNIT) if (line.section, line.name) not in known] == []


def test_it_is_as_hard_as_it_can_be() -> None:
    assert {name: service().get(name) for name in MUST} == MUST
    assert int(service()["MemoryMax"].removesuffix("M")) <= 128
    filters = [words(line.value) for line in lines(UNIT) if line.name == "SystemCallFilter"]
    assert filters == [["@system-service"], ["~@privileged", "@resources"], ["adjtimex", "clock_adjtime"]]


def test_the_command_is_a_valid_one_of_ours() -> None:
    program, *arguments = words(service()["ExecStart"])
    assert Path(program).is_absolute()
    assert Path(program).name == "pulsemon"
    command: click.Command = root
    while isinstance(command, click.Group) and arguments:
        context = click.Context(command)
        found = command.get_command(context, arguments[0])
        assert found is not None, f"pulsemon has no {arguments[0]}"
        command, arguments = found, arguments[1:]
    command.make_context(program, arguments, resilient_parsing=False).close()


def test_its_settings_are_settings_and_the_key_is_the_one_that_systemd_hands_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment()
    credential, source = service()["LoadCredential"].split(":")
    assert Path(source).is_absolute()
    assert given["PULSEMON_AGENT_KEY_FILE"] == f"{SPECIFIERS['%d']}/{credential}"
    assert given["PULSEMON_LOCAL_HOME"] == f"{SPECIFIERS['%S']}/{service()['StateDirectory']}"
    config, key = tmp_path / "agent.toml", tmp_path / credential
    config.write_text('[agent]\nurl = "https://pulsemon.example.org"\n')
    key.write_text(f"{KEY}\n")
    here = given | {"PULSEMON_CONFIG_FILE": str(config), "PULSEMON_AGENT_KEY_FILE": str(key)}

    check_settings(here)
    settings = installation(here | {"PULSEMON_LOCAL_HOME": str(tmp_path / "home")}).agent()

    assert (settings.transport, settings.key.reveal()) == ("http", KEY)
    assert settings.spool_folder == tmp_path / "home" / "agent" / "spool"


def test_there_is_room_for_as_many_threads_as_settings_can_ask_for() -> None:
    from pulsemon_producers.custom.settings import MAX_ROWS

    probes, scrapes, executables, what_they_start, all_else = MAX_ROWS, MAX_ROWS, MAX_ROWS, MAX_ROWS, 100
    assert int(service()["TasksMax"]) >= probes + scrapes + executables + what_they_start + all_else


def test_systemd_ends_it_later_than_it_ends_by_itself() -> None:
    from pulsemon_producers.agent import COLLECTORS_END_SECONDS, DRAIN_SECONDS

    assert int(service()["TimeoutStopSec"]) > DRAIN_SECONDS + COLLECTORS_END_SECONDS + 2


def test_the_document_names_what_the_unit_names() -> None:
    text = (ROOT / "docs" / "agent.md").read_text()

    for name in (words(service()["ExecStart"])[0].removesuffix("/bin/pulsemon"), "/etc/pulsemon/agent.toml"):
        assert name in text
    assert service()["LoadCredential"].split(":")[1] in text
    assert f"{service()['MemoryMax'].removesuffix('M')} MiB" in text


def test_a_misspelt_option_would_be_found(tmp_path: Path) -> None:
    bad = tmp_path / "bad.service"
    bad.write_text("[Service]\nProtectSytem=strict\n")

    (line,) = lines(bad)

    assert line == Line("Service", "ProtectSytem", "strict")
    assert f"Service {line.name}" not in OPTIONS.read_text().splitlines()
