"""The command line: help without loading anything, one sentence for each expected error, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pulsemon_deploy.bench import BENCHES
from pulsemon_deploy.cli.root import COMMANDS, root
from pulsemon_deploy.home import Home
from pulsemon_deploy.home_lock import used
from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.errors import AuthError, PermanentError, PulsemonError, SettingsError, TransientError
from pulsemon_schemas.topics import TOPICS

HEAVY = ("confluent_kafka", "clickhouse_driver", "streamlit", "chdb", "fastavro", "psutil", "numpy")


def invoke(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(root, arguments, env=environ)


def test_help_is_quick_and_loads_nothing() -> None:
    code = (
        "import sys; from pulsemon_deploy.cli.root import root; root.main(['--help'], standalone_mode=False); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    best = min(_seconds_of_help() for _ in range(3))
    assert best < 0.15, f"help took {best:.3f} s"


def _seconds_of_help() -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "pulsemon_deploy.cli", "--help"], capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_help_lists_every_command() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: root {name}")


def test_wrong_usage_is_2() -> None:
    assert invoke("nonsense").exit_code == 2
    assert invoke("up", "--demo", "-1").exit_code == 2


def test_wrong_settings_are_2_with_the_right_spelling() -> None:
    result = invoke("status", PULSEMON_LOCAL_UI_PROT="1")
    assert result.exit_code == 2
    assert "did you mean PULSEMON_LOCAL_UI_PORT?" in result.stderr
    assert "Traceback" not in result.output + result.stderr


def test_a_home_of_a_newer_version_is_1_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("99")
    for command in (["up"], ["status"], ["doctor"], ["down"], ["reset", "--yes"]):
        result = invoke(*command, PULSEMON_LOCAL_HOME=str(tmp_path))
        assert result.exit_code == 1
        assert result.stderr.startswith(f"pulsemon: {tmp_path} was made by a newer Pulse Monitor")
        assert len(result.stderr.splitlines()) == 1


def test_a_missing_extra_is_named() -> None:
    code = "import sys; sys.modules['click'] = None; from pulsemon_deploy.cli import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "pulsemon: this needs click, which is not installed; run: pip install 'pulsemon[cli]'\n"


def test_status_and_down_when_nothing_runs(tmp_path: Path) -> None:
    result = invoke("status", PULSEMON_LOCAL_HOME=str(tmp_path))
    assert result.exit_code == 1
    assert f"nothing runs on {tmp_path}" in result.output
    assert json.loads(invoke("status", "--json", PULSEMON_LOCAL_HOME=str(tmp_path)).output)["roles"] == []
    assert invoke("down", PULSEMON_LOCAL_HOME=str(tmp_path)).exit_code == 0


def test_reset_asks_and_removes_only_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("kafka", "secrets", "mine"):
        (home / name).mkdir(parents=True)
    (home / "version").write_text("1\n")
    refused = CliRunner().invoke(root, ["reset"], env={"PULSEMON_LOCAL_HOME": str(home)}, input="n\n")
    assert refused.exit_code == 1
    assert (home / "kafka").exists()
    result = invoke("reset", "--yes", PULSEMON_LOCAL_HOME=str(home))
    assert result.exit_code == 0
    assert result.output == f"deleted all that Pulse Monitor made in {home}; what is not ours stays: mine\n"
    assert [path.name for path in home.iterdir()] == ["mine"], "what is somebody else's stays"


def test_reset_says_that_all_is_gone_only_if_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    elsewhere = tmp_path / "big-disk"
    elsewhere.mkdir()
    (elsewhere / "data").touch()
    home.clickhouse.symlink_to(elsewhere)
    assert invoke("reset", "--yes", PULSEMON_LOCAL_HOME=str(home.root)).output == f"deleted {home.root}\n"
    assert not home.root.exists()
    assert not elsewhere.exists()
    assert invoke("reset", "--yes", PULSEMON_LOCAL_HOME=str(home.root)).output == f"there is nothing at {home.root}\n"


def test_reset_refuses_a_folder_that_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ui").mkdir()
    result = invoke("reset", "--yes", PULSEMON_LOCAL_HOME=str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"pulsemon: {tmp_path} is no home of Pulse Monitor")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    invoke("reset", "--yes", PULSEMON_LOCAL_HOME="", XDG_DATA_HOME="")
    assert (tmp_path / "ui").is_dir(), "set to nothing is not this folder"


def test_reset_refuses_while_a_role_works(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with used(home):
        result = invoke("reset", "--yes", PULSEMON_LOCAL_HOME=str(home.root))
    assert result.exit_code == 1
    assert f"still works with {home.root} (process {os.getpid()})" in result.stderr
    assert home.secrets.is_dir()


@pytest.mark.parametrize(
    ("error", "alone_code", "supervised_code"),
    [
        (SettingsError(["a"]), 2, 2),
        (PermanentError("the secret is missing"), 1, 3),
        (AuthError("refused"), 1, 3),
        (TransientError("away"), 1, 1),
    ],
)
def test_a_supervisor_is_told_what_no_repetition_mends(
    monkeypatch: pytest.MonkeyPatch, error: PulsemonError, alone_code: int, supervised_code: int
) -> None:
    def fail(_environ: object) -> None:
        raise error

    monkeypatch.setattr("pulsemon_deploy.cli.down.installation", fail)
    assert invoke("down").exit_code == alone_code
    supervised = invoke("down", NOTIFY_SOCKET="@nobody")
    assert supervised.exit_code == supervised_code
    assert len(supervised.stderr.splitlines()) == 1


def test_topics_and_metrics_as_tables_and_as_json() -> None:
    assert len(json.loads(invoke("topic", "list", "--json").output)) == len(TOPICS)
    table = invoke("topic", "list").output.splitlines()
    assert table[0].split()[:3] == ["NAME", "KEY", "RECORD"]
    assert len(table) == len(TOPICS) + 1
    assert max(map(len, table)) < 120
    assert len(json.loads(invoke("metric", "list", "--json").output)) == len(METRICS)
    shown = json.loads(invoke("metric", "show", METRICS[0].name, "--json").output)
    assert shown["name"] == METRICS[0].name


def test_names_that_nobody_knows_are_2_with_the_right_spelling() -> None:
    result = invoke("metric", "show", METRICS[0].name + "x")
    assert result.exit_code == 2
    assert f"did you mean {METRICS[0].name}?" in result.stderr
    assert "choose one of pulsemon.metrics" in invoke("topic", "show", "nothing").stderr
    assert "choose one of admin, agent" in invoke("topic", "client-config", "--role", "nobody").stderr


@pytest.mark.parametrize(
    "arguments", [("bench", "nosuch"), ("topic", "show", "nosuch"), ("metric", "show", "nosuch")], ids=" ".join
)
def test_a_wrong_argument_is_wrong_usage_and_no_wrong_setting(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Usage: root {arguments[0]}")
    assert "Invalid value for" in result.stderr
    assert "invalid settings" not in result.stderr


def test_the_benchmarks_are_named() -> None:
    assert all(name in invoke("bench", "nosuch").stderr for name in BENCHES)


def test_doctor_works_when_nothing_runs(tmp_path: Path) -> None:
    environ = {
        "PULSEMON_LOCAL_HOME": str(tmp_path / "home"),
        "PULSEMON_LOCAL_KAFKA_PORT": "1",
        "PULSEMON_LOCAL_CLICKHOUSE_PORT": "2",
        "PULSEMON_LOCAL_UI_PORT": "3",
    }
    result = CliRunner().invoke(root, ["doctor", "--json"], env=environ)
    assert result.exit_code == 1
    found = {line["check"]: line for line in json.loads(result.output)}
    assert found["python"]["verdict"] == "ok"
    assert found["supervisor"] == {
        "check": "supervisor",
        "verdict": "problem",
        "found": "nothing runs here",
        "advice": "pulsemon up",
    }
    assert found["topics"]["verdict"] == "skipped"
    assert all(line["advice"] for line in found.values() if line["verdict"] == "problem")
