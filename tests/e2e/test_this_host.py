"""The whole way of a sample: taken on this host, in Kafka, in ClickHouse, on the page of a real browser."""

import re
import stat
import time

import pytest
from clickhouse_driver import Client
from playwright.sync_api import Browser, expect
from pulsemon_producers.control_client import ControlClient, Said, address
from support.busy import busy_processors
from support.metrics_log import LogBatch, read_metrics
from support.stack import Stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.browser]

CPU_BUSY = "system.cpu.busy"
HIGH = 0.9
LOAD_SECONDS = 60.0
PAGE_MS = 30_000


def cpu_busy(batch: LogBatch) -> float | None:
    """The share of CPU time in a batch, if it has one."""
    pairs = zip(batch.fields["names"], batch.fields["values"], strict=True)
    return next((value for name, value in pairs if name == CPU_BUSY), None)


def busy_batch(stack: Stack, server_id: str, since_ms: float) -> LogBatch | None:
    """A batch of this host in the log, taken since then, that says its processors are busy."""
    for batch in read_metrics(stack.own.kafka("operator")):
        recorded_at_ms = batch.fields["recorded_at"].timestamp() * 1000
        if batch.key == server_id and recorded_at_ms >= since_ms and (cpu_busy(batch) or 0.0) >= HIGH:
            return batch
    return None


def test_load_on_this_host_is_seen_in_kafka_in_clickhouse_and_on_the_page(stack: Stack, browser: Browser) -> None:
    server_id = stack.own.agent().server_id
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(stack.link())
    row = page.locator(f'a.row[data-id="{server_id}"]').filter(has_text="CPU busy")
    expect(row).to_be_visible(timeout=PAGE_MS)

    with busy_processors(LOAD_SECONDS):
        started_ms = time.time() * 1000
        batch = wait_until(lambda: busy_batch(stack, server_id, started_ms), 30.0, "a busy batch in the log")
        assert batch.schema_id == 1
        assert batch.fields["source"] == "agent"

        settings = stack.own.clickhouse_reader()
        client = Client(
            settings.host, settings.port, user=settings.user, password=settings.password.reveal(), compression=False
        )
        where = {"server": server_id, "name": CPU_BUSY, "at": batch.fields["recorded_at"].replace(tzinfo=None)}
        sql = (
            f"SELECT value FROM {settings.database}.samples "
            "WHERE server_id = %(server)s AND name = %(name)s AND recorded_at = %(at)s"
        )
        stored = wait_until(lambda: client.execute(sql, where), 15.0, "the same sample in ClickHouse")
        assert stored == [(cpu_busy(batch),)]
        client.disconnect()

        expect(row).to_have_attribute("aria-label", re.compile(r"CPU busy, (9\d|100)%"), timeout=PAGE_MS)
    page.close()


def test_status_and_doctor_say_that_all_is_well(stack: Stack) -> None:
    status = stack.command("status")
    assert status.returncode == 0, status.stdout + status.stderr

    def healthy() -> bool:
        doctor = stack.command("doctor")
        return doctor.returncode == 0 and "problem" not in doctor.stdout

    wait_until(healthy, 30.0, "the doctor finds nothing wrong")


def test_the_operator_of_this_home_uses_the_control_api(stack: Stack) -> None:
    own = stack.own
    client = ControlClient(own.control_api())
    server_id = own.agent().server_id
    wait_until(lambda: client.get(address("servers", server_id))["state"], 20.0, "the state of this host")
    said = Said("a test")
    made = client.create("/servers/e2e-other", {"role": "web"}, said)
    assert made["author"].startswith("operator@")
    client.delete("/servers/e2e-other", made["version"], Said())
    assert stat.S_IMODE(own.home.operator_token.stat().st_mode) == 0o600


def test_what_flows_is_shown_decoded(stack: Stack) -> None:
    tail = stack.command("metric", "tail", "--name", CPU_BUSY, "--count", "1")
    assert tail.returncode == 0, tail.stderr
    assert re.search(rf"{re.escape(stack.own.agent().server_id)} +{CPU_BUSY} [\d.]+", tail.stdout)


def test_every_role_tells_of_itself_and_all_is_of_this_host(stack: Stack) -> None:
    sql = (
        f"SELECT arraySort(groupUniqArray(splitByChar('.', toString(name))[2])), arraySort(groupUniqArray(server_id)) "
        f"FROM {stack.own.clickhouse_reader().database}.samples WHERE startsWith(name, 'pulsemon.')"
    )
    with stack.store() as store:
        everything = (["agent", "gateway", "processor", "role", "sink", "store", "ui"], [stack.own.agent().server_id])
        wait_until(lambda: store.rows(sql) == [everything], 30.0, "own metrics of all roles")
        roles = store.rows(
            f"SELECT DISTINCT labels FROM {stack.own.clickhouse_reader().database}.samples "
            "WHERE name = 'pulsemon.role.memory.rss' ORDER BY labels"
        )
    names = ("agent", "clickhouse", "gateway", "kafka", "processor", "sink", "supervisor", "ui")
    assert [labels for (labels,) in roles] == [f"role={name}" for name in names]
