"""Completeness from the command line, as a sentence."""

import json
import time
from datetime import UTC, datetime

import pytest
from pulsemon_deploy.cli.completeness import percent
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse
from support.rolled import Rolled


@pytest.mark.clickhouse
def test_what_is_missing_is_said_with_its_time_and_reason(clickhouse: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled = Rolled(clickhouse.fresh_database())
    use_clickhouse(monkeypatch, clickhouse.reader_of(rolled.settings))
    assert invoke("completeness", "web-1").exit_code == 1

    start = int(time.time()) // 60 * 60 - 1200
    drops = {"spool_full": 7}
    rows = [
        ("web-1", "p1", n, "agent", "", -1, datetime.fromtimestamp(start + 10 * n, UTC), 10, drops if n == 9 else {})
        for n in range(100) if n not in (20, 21, 22)
    ]  # fmt: skip
    rows += [("web-2", "p2", n, "agent", "", -1, datetime.fromtimestamp(start + n, UTC), 10, {}) for n in range(3)]
    columns = "server_id, producer_id, sequence, source, previous_producer_id, previous_sequence, recorded_at, samples"
    rolled.store.insert(f"INSERT INTO {rolled.database}.batches ({columns}, dropped) VALUES", rows)

    told = invoke("completeness")
    assert told.exit_code == 1
    at = [datetime.fromtimestamp(start + 10 * n, UTC) for n in (19, 23)]
    assert f"3 batches missing {at[0]:%Y-%m-%d %H:%M:%S}–{at[1]:%H:%M:%S} UTC" in told.output  # noqa: RUF001
    assert "dropped at the agent: spool_full, 7 samples" in told.output
    assert "web-1: 96.325 %" in told.output

    whole = invoke("completeness", "web-2", "--last", "1h", "--json")
    assert whole.exit_code == 0
    assert json.loads(whole.output)[0]["stored"] == "100.000 %"
    rolled.close()
    clickhouse.drop(rolled.settings)


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.000 %"), (0.9999999, "99.999 %"), (0.99998, "99.998 %")])
def test_what_lacks_anything_is_never_shown_as_whole(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize("last", ["0h", "soon", "5", "-1h"])
def test_a_length_of_time_is_understood_or_refused(last: str) -> None:
    refused = invoke("completeness", "--last", last)
    assert refused.exit_code == 2
