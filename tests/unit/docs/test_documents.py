"""The documents are in step with the code: what is data there is complete here."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pulsemon_deploy.cli.root import COMMANDS
from pulsemon_deploy.installation import OPERATOR_PREFIX as OPERATOR
from pulsemon_deploy.settings import ENVIRONMENT_PREFIX as LOCAL
from pulsemon_deploy.settings import LocalSettings
from pulsemon_deploy.simulate.settings import ENVIRONMENT_PREFIX as SIMULATOR
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_producers.gateway.settings import ENVIRONMENT_PREFIX as GATEWAY
from pulsemon_producers.gateway.settings import GatewaySettings
from pulsemon_producers.http_settings import HttpSettings
from pulsemon_producers.settings import ENVIRONMENT_PREFIX as AGENT
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas.reasons import REASONS
from pulsemon_schemas.registry import SCHEMA_IDS
from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX as KAFKA
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import TOPICS
from pulsemon_sinks.clickhouse.settings import ENVIRONMENT_PREFIX as CLICKHOUSE
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.settings import ENVIRONMENT_PREFIX as SINK
from pulsemon_sinks.settings import SinkSettings
from pulsemon_stream_processors.settings import ENVIRONMENT_PREFIX as PROCESSOR
from pulsemon_stream_processors.settings import ProcessorSettings
from pulsemon_ui.settings import ENVIRONMENT_PREFIX as UI
from pulsemon_ui.settings import UiSettings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"\]\(([^)#]+)(?:#([^)]+))?\)|\]\(#([^)]+)\)")
SETTINGS: tuple[tuple[type[Any], str, str], ...] = (
    (LocalSettings, LOCAL, "operations.md"),
    (AgentSettings, AGENT, "operations.md"),
    (GatewaySettings, GATEWAY, "operations.md"),
    (SinkSettings, SINK, "operations.md"),
    (ProcessorSettings, PROCESSOR, "operations.md"),
    (ClickHouseSettings, CLICKHOUSE, "operations.md"),
    (SimulatorSettings, SIMULATOR, "operations.md"),
    (UiSettings, UI, "operations.md"),
    (KafkaSettings, KAFKA, "kafka.md"),
    (HttpSettings, OPERATOR, "operations.md"),
)


def test_the_page_of_metrics_is_that_of_the_catalogue() -> None:
    made = subprocess.run([sys.executable, DOCS / "metrics_page.py"], capture_output=True, text=True, check=True).stdout
    assert made == (DOCS / "metrics.md").read_text(), "run: .venv/bin/python docs/metrics_page.py > docs/metrics.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor, own_anchor in LINK.findall(page.read_text()):
        if "://" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {path}"
        if anchor or own_anchor:
            assert (anchor or own_anchor) in anchors(target), f"{page.name} links to {path}#{anchor or own_anchor}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("kind", "prefix", "page"), SETTINGS, ids=lambda value: getattr(value, "__name__", None))
def test_every_setting_is_explained_and_no_other(kind: type[Any], prefix: str, page: str) -> None:
    known = {f"{prefix}{field.name}".upper() for field in dataclasses.fields(kind)}
    text = (DOCS / page).read_text()
    explained = set(re.findall(r"^\|.*?`(PULSEMON_\w+)`", text, re.MULTILINE))
    explained |= set(re.findall(r"`(PULSEMON_KAFKA_\w+)`", text)) if prefix == KAFKA else set()
    assert known == {name for name in explained if name.startswith(prefix)}


def test_every_topic_stands_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `(pulsemon\.[\w-]+)` \|(.+)$", (DOCS / "topics.md").read_text(), re.MULTILINE))
    assert set(rows) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        cells = [cell.strip() for cell in rows[topic.name].split("|")]
        assert cells[0] == str(topic.partitions or "N"), topic.name
        assert cells[2] == (topic.record or "—"), topic.name
        assert cells[4:6] == [", ".join(sorted(topic.writers)), ", ".join(sorted(topic.readers))], topic.name


def test_every_reason_and_schema_stands_in_the_wire_format() -> None:
    text = (DOCS / "wire-format.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert {reason: sentence for reason, sentence in rows if reason in REASONS} == dict(REASONS)
    assert {label: int(number) for number, label in re.findall(r"^\| (\d+) \| `([\w.]+)`", text, re.MULTILINE)} == dict(
        SCHEMA_IDS
    )


def test_every_command_is_listed() -> None:
    rows = re.findall(r"^\| `pulsemon (\w+)", (DOCS / "operations.md").read_text(), re.MULTILINE)
    assert set(rows) == set(COMMANDS)


def test_every_decision_is_in_the_list() -> None:
    listed = set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", (DOCS / "decisions" / "README.md").read_text()))
    assert listed == {page.name for page in (DOCS / "decisions").glob("0*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_can_be_read_without_scrolling(page: Path) -> None:
    if page.name == "metrics.md":
        return
    for line in page.read_text().splitlines():
        assert len(line) <= 160 or line.startswith("|"), line
