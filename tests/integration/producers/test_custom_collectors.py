"""What the settings of a host add arrives at the topic, through the whole agent."""

import threading
from pathlib import Path
from typing import Any

import pytest
from integration.producers.test_agent import PARTITIONS, READ_SECONDS, reading
from pulsemon_producers.agent import run
from pulsemon_producers.custom.roster import built_in_and
from pulsemon_producers.custom.settings import custom_settings
from pulsemon_producers.settings import AgentSettings
from support.kafka import Broker
from support.small_servers import Page, silent_server, web_server
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

FILE = """
[[probe]]
name = "web"
url = "http://127.0.0.1:{web}/"
[[probe]]
name = "silent"
url = "http://127.0.0.1:{silent}/"
timeout_seconds = 0.2
[[scrape]]
name = "app"
url = "http://127.0.0.1:{web}/metrics"
interval_seconds = 1
[[exec]]
name = "hello"
path = "{folder}/hello"
[textfile]
folder = "{folder}"
"""


def test_everything_that_the_file_adds_arrives(kafka: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o755)
    (folder / "hello").write_text("#!/bin/sh\necho '# TYPE hello_total counter'\necho hello_total 3\n")
    (folder / "hello").chmod(0o755)
    (folder / "raid.prom").write_text('raid_ok{device="md0"} 1\n')
    (folder / "raid.prom").chmod(0o644)
    topic = kafka.create_topics("custom", PARTITIONS)["pulsemon.metrics"]
    page = Page(b"# TYPE jobs_total counter\njobs_total 50\n")
    with web_server(page), silent_server() as silent, reading(kafka, topic) as reader:
        file = tmp_path / "agent.toml"
        file.write_text(FILE.format(web=page.port, silent=silent, folder=folder))
        stop, is_ready = threading.Event(), threading.Event()
        settings = AgentSettings(server_id="web-1", interval_seconds=1.0, state_dir=tmp_path / "state")
        thread = threading.Thread(
            target=run,
            args=(settings, kafka.settings_for("agent"), stop, is_ready.set),
            kwargs={"topic": topic, "collectors": built_in_and(custom_settings(file, ("nobody",)))},
        )
        thread.start()
        try:
            wait_until(
                lambda: any("jobs_total" in batch["names"] for batch in reader.batches()), READ_SECONDS, "a page"
            )
            page.body = b"# TYPE jobs_total counter\njobs_total 2\n"  # the program started anew
            wait_until(lambda: 2.0 in values(reader.batches(), "jobs_total", "scrape=app"), READ_SECONDS, "a new count")
        finally:
            stop.set()
            thread.join(10)
        batches = reader.batches()

    assert values(batches, "probe.up", "probe=web")[0] == 1.0
    assert values(batches, "probe.up", "probe=silent")[0] == 0.0
    assert values(batches, "custom.hello_total", "")[0] == 3.0
    assert values(batches, "custom.raid_ok", "device=md0")[0] == 1.0
    assert values(batches, "jobs_total", "scrape=app")[0] == 50.0
    errors = {name: max(values(batches, "pulsemon.agent.collect.errors", f"collector={name}")) for name in NAMES}
    assert errors.pop("custom.nobody") > 0, "no such package: counted at each tick"
    assert set(errors.values()) == {0.0}


NAMES = ("probe.web", "probe.silent", "scrape.app", "exec.hello", "textfile", "custom.nobody", "cpu")


def values(batches: list[Any], name: str, labels: str) -> list[Any]:
    """What a series was, batch by batch."""
    return [
        value
        for batch in batches
        for found, text, value in zip(batch["names"], batch["labels"], batch["values"], strict=True)
        if (found, text) == (name, labels)
    ]
