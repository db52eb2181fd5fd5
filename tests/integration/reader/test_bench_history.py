"""The history that ``bench query`` asks about is what it says, and its questions have answers."""

from dataclasses import replace

import pytest
from pulsemon_deploy.bench.fleet_history import SERIES, FleetHistory
from pulsemon_deploy.bench.query import QueryRounds
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

SERVERS = 12


def test_a_small_fleet_answers_every_question_of_the_benchmark(clickhouse: Engine) -> None:
    settings = clickhouse.fresh_database()
    store = NativeStore(settings)
    try:
        migrate(settings, store)
        history = FleetHistory(store, settings.database, SERVERS, hours=1)
        history.make()
        found = store.rows(f"SELECT count(), uniqExact(server_id, name, labels) FROM {settings.database}.samples FINAL")
        assert found == [(history.samples, SERVERS * len(SERIES))]
        reader = replace(clickhouse.reader_settings, database=settings.database)
        rounds = QueryRounds(history, reader, engine_pid=clickhouse.pid, asked=1)
        assert len(rounds.reader.servers()) == SERVERS
        answers = {name: ask() for name, ask in rounds.questions().items()}
        rounds.reader.close()
    finally:
        store.close()
        clickhouse.drop(settings)
    day = answers["server_day"].to_pydict()
    assert all(any(value is not None for value in day[f"a{number}"]) for number in range(len(SERIES)))
    assert len(answers["top_10"]) == 10
    band, peers = answers["band_month"].to_pydict(), answers["peers_month"].to_pydict()
    assert max(band["servers"][:-1]) == SERVERS
    assert max(peers["peers"][:-1]) == SERVERS - 1
