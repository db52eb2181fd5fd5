"""What happens when the log does not confirm: nothing is answered with success, and no hole is left behind."""

import asyncio
import itertools
import json
from collections.abc import Sequence

import pytest
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_producers.gateway import log_writer
from pulsemon_producers.gateway.ingest import Ingest
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.log_writer import LogWriter
from pulsemon_producers.gateway.outgoing import Outgoing
from pulsemon_producers.gateway.problems import Problem
from pulsemon_schemas.codec import decode
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS

NOW_MS = 1_800_000_000_000
PRINCIPAL = Principal("abcdefgh2345", "web-1")
BODY = json.dumps({"samples": [{"name": "a", "value": 1}]}).encode()


class Pages:
    """A log that confirms when it is told to."""

    def __init__(self) -> None:
        self.is_away = False
        self.written: list[MetricBatch] = []

    async def write(self, records: Sequence[Outgoing]) -> dict[int, str]:
        if self.is_away:
            return {0: "nobody there"}
        batches = [decode(one.value) for one in records]
        self.written += [one for one in batches if isinstance(one, MetricBatch)]
        return {}


def ingest_into(writer: log_writer.LogWriter | Pages) -> Ingest:
    ids = map("p{}".format, itertools.count())
    return Ingest(writer, 4, 1000, lambda: NOW_MS, lambda: next(ids), lambda *_: None)


def test_a_log_that_is_away_is_said_in_time_and_with_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(log_writer.OPTIONS, "message.timeout.ms", 100)

    async def run() -> tuple[Problem, bool]:
        writer = LogWriter(KafkaSettings(f"127.0.0.1:{free_ports(1)[0]}"), METRICS.name)
        with pytest.raises(Problem) as refused:
            await ingest_into(writer).take_json(PRINCIPAL, BODY, "")
        is_well = writer.is_well
        await writer.close()
        return refused.value, is_well

    problem, is_well = asyncio.run(run())
    assert (problem.kind.name, problem.retry_after_seconds, is_well) == ("log-away", 1.0, False)


def test_after_a_batch_that_may_be_lost_the_gateway_is_another_producer() -> None:
    log = Pages()
    ingest = ingest_into(log)

    async def take() -> None:
        await ingest.take_json(PRINCIPAL, BODY, "")

    asyncio.run(take())
    asyncio.run(take())
    log.is_away = True
    with pytest.raises(Problem):
        asyncio.run(take())
    log.is_away = False
    asyncio.run(take())
    assert [(one.producer_id, one.sequence) for one in log.written] == [("p0", 0), ("p0", 1), ("p1", 0)]


def test_a_batch_id_is_only_remembered_once_the_log_has_it() -> None:
    log = Pages()
    ingest = ingest_into(log)
    log.is_away = True
    with pytest.raises(Problem):
        asyncio.run(ingest.take_json(PRINCIPAL, BODY, "mine"))
    log.is_away = False
    assert asyncio.run(ingest.take_json(PRINCIPAL, BODY, "mine")).accepted == 1
    assert asyncio.run(ingest.take_json(PRINCIPAL, BODY, "mine")).accepted == 1
    assert len(log.written) == 1
