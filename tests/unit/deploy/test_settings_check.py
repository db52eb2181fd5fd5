"""A misspelt name is refused before anything is started, with the right one."""

from pathlib import Path

import pytest
from pulsemon_deploy.settings_check import PARTS, check_settings
from pulsemon_schemas.errors import SettingsError


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        check_settings(environ)
    return caught.value.problems


def test_nothing_set_is_well() -> None:
    check_settings({"HOME": "/home/me", "PATH": "/bin"})


def test_secrets_that_are_given_as_files_are_well(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    check_settings({"PULSEMON_PROCESSOR_TICK_KEY_FILE": str(tmp_path / "key")})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PULSEMON_KAFAK_BOOTSTRAP", "PULSEMON_KAFKA_BOOTSTRAP"),  # a prefix of nobody
        ("PULSEMON_KAFKA_BOOTSTRAPS", "PULSEMON_KAFKA_BOOTSTRAP"),
        ("PULSEMON_CLICKHOUSE_HOTS", "PULSEMON_CLICKHOUSE_HOST"),
        ("PULSEMON_HOME", "PULSEMON_LOCAL_HOME"),
        ("PULSEMON_CONFIGFILE", "PULSEMON_CONFIG_FILE"),
        ("PULSEMON_SINK_FLUSH_SECOND", "PULSEMON_SINK_FLUSH_SECONDS"),
        ("PULSEMON_SIMULATOR_SERVER", "PULSEMON_SIMULATOR_SERVERS"),
    ],
)
def test_a_misspelt_name_is_told_with_the_right_one(name: str, meant: str) -> None:
    assert problems({name: "1"}) == (f"{name} is not a setting; did you mean {meant}?",)


def test_all_mistakes_of_all_roles_are_told_at_once() -> None:
    wrong = {"PULSEMON_LOCAL_UI_PORT": "x", "PULSEMON_AGENT_INTERVAL_SECONDS": "0", "PULSEMON_SINK_BUFFER": "1"}
    assert len(problems(wrong)) == 3


def test_the_file_is_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / "pulsemon.toml"
    file.write_text("[kafak]\nbootstrap = 'x'\n[sink]\nflush_second = 1\n")
    found = problems({"PULSEMON_CONFIG_FILE": str(file)})
    assert found == (
        f"[kafak] in {file} is not a table of settings; did you mean kafka?",
        "[sink] flush_second is not a setting; did you mean [sink] flush_seconds?",
    )


def test_the_parts_are_those_that_their_packages_name() -> None:
    import importlib

    for part in PARTS:
        module = importlib.import_module(part.place.split(":")[0])
        assert getattr(module, "ENVIRONMENT_PREFIX", part.prefix) == part.prefix
        assert part.settings().__name__.endswith("Settings")


def test_collectors_in_the_file_are_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / "pulsemon.toml"
    file.write_text('[[probe]]\nname = "a"\nurl = "http://x"\nmethods = "GET"\n[[prob]]\n[textfile]\nfolder = "/x"\n')

    assert problems({"PULSEMON_CONFIG_FILE": str(file)}) == (
        f"[prob] in {file} is not a table of settings; did you mean probe?",
        "[[probe]] 1 methods is not a setting; did you mean [[probe]] 1 method?",
    )
