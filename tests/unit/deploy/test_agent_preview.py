import json
from pathlib import Path

import pytest
from pulsemon_schemas import catalogue
from support.command_line import invoke
from support.small_servers import Page, web_server


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home that is not there, and a broker that nobody must ask."""
    monkeypatch.setenv("PULSEMON_LOCAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULSEMON_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    return tmp_path / "home"


def test_what_would_be_sent_has_units_and_rates_and_leaves_nothing_behind(home: Path) -> None:
    outcome = invoke("run", "agent", "--once", "--json")

    assert outcome.exit_code == 0, outcome.output
    shown = json.loads(outcome.stdout)
    units = {row["name"]: row["unit"] for row in shown["samples"]}
    assert units["system.memory.usage"] == "By"
    assert units["system.cpu.busy"] == "1", "a rate, which needs two readings"
    assert all(units[metric.name] == metric.unit for metric in catalogue.METRICS if metric.name in units)
    assert shown["interval_seconds"] == 10.0
    assert not home.exists()


def test_the_table_says_where_it_would_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEMON_AGENT_TRANSPORT", "http")
    monkeypatch.setenv("PULSEMON_AGENT_URL", "https://pulsemon.example.org")
    monkeypatch.setenv("PULSEMON_AGENT_KEY", "pm_web1_secret")
    monkeypatch.setenv("PULSEMON_AGENT_DISABLE", "system.*,process.*,pulsemon.agent.collect.*")

    outcome = invoke("run", "agent", "--once", "--print")

    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.splitlines()[0].split() == ["NAME", "LABELS", "VALUE", "UNIT"]
    assert "to https://pulsemon.example.org every 10 s" in outcome.stdout
    assert "nothing was sent" in outcome.stdout
    assert "secret" not in outcome.output


FILE = """
[[exec]]
name = "backup"
path = "{folder}/backup"
interval_seconds = 1
[[scrape]]
name = "app"
url = "http://127.0.0.1:{port}/metrics"
interval_seconds = 1
[[probe]]
name = "web"
url = "http://127.0.0.1:{port}/"
interval_seconds = 1
"""


def test_programs_run_and_pages_are_fetched_once_and_processes_have_their_rates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o755)
    (folder / "backup").write_text(f"#!/bin/sh\necho ran >> {folder}/runs\necho backup_age_seconds 7\n")
    (folder / "backup").chmod(0o755)
    page = Page(b"jobs 50\n")
    with web_server(page):
        (tmp_path / "agent.toml").write_text(FILE.format(folder=folder, port=page.port))
        monkeypatch.setenv("PULSEMON_CONFIG_FILE", str(tmp_path / "agent.toml"))

        outcome = invoke("run", "agent", "--once", "--json")

    assert outcome.exit_code == 0, outcome.output
    samples = {(row["name"], row["labels"]): row["value"] for row in json.loads(outcome.stdout)["samples"]}
    assert (folder / "runs").read_text() == "ran\n"
    assert samples["custom.backup_age_seconds", ""] == 7
    assert sorted(request["path"] for request in page.asked) == ["/", "/metrics"]
    assert samples["jobs", "scrape=app"] == 50
    assert samples["probe.up", "probe=web"] == 1
    names = {name for name, _ in samples}
    assert "process.cpu.utilization" in names, "a rate of a collector that is otherwise called every 30 s"


@pytest.mark.parametrize("options", [("--once",), ("--print",), ("--json",)])
def test_options_that_say_nothing_alone_are_wrong_usage(options: tuple[str, ...]) -> None:
    outcome = invoke("run", "agent", *options)

    assert outcome.exit_code == 2
    assert "--once goes with --print or --json" in outcome.output
