"""Kafka's folder wiped and ClickHouse's kept, and the other way round: new data is stored, nothing stalls."""

import shutil
from pathlib import Path

import pytest
from support.audit import audit
from support.metrics_log import read_metrics
from support.stack import Stack, running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

AGENT = {"PULSEMON_AGENT_INTERVAL_SECONDS": "1"}


def stored(stack: Stack) -> int:
    database = stack.own.clickhouse_reader().database
    with stack.store() as store:
        return int(store.rows(f"SELECT count() FROM {database}.batches FINAL")[0][0])


def logged(stack: Stack) -> int:
    return sum(1 for _ in read_metrics(stack.own.kafka("operator")))


def test_wiped_kafka_is_a_new_log_and_wiped_clickhouse_is_filled_from_the_log(tmp_path: Path) -> None:
    with running_stack(tmp_path, settings=AGENT) as stack:
        wait_until(lambda: stored(stack) >= 3, 20.0, "batches in the store")
        stack.stop()
        shutil.rmtree(stack.own.home.kafka)

        stack.start()
        before = stored(stack)
        wait_until(lambda: stored(stack) >= before + 3, 30.0, "batches of the new log in the store")
        audit(stack)
        stack.stop()
        shutil.rmtree(stack.own.home.clickhouse)

        stack.start()
        kept = logged(stack)
        wait_until(lambda: stored(stack) >= kept, 30.0, "the log's batches in the new store")
        assert audit(stack).batches >= kept
        assert stack.stop() == 0
