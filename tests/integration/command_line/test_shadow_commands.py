"""A rule in shadow from the command line: started, compared with the one in force, and put in its place."""

import json
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulsemon_deploy.kafka import ensure_topics
from support.command_line import invoke, use_clickhouse, use_kafka

if TYPE_CHECKING:
    from support.clickhouse import Engine
    from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]
BUSY = "system.cpu.busy"


def answer(*arguments: str) -> Any:
    result = invoke("rule", *arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def body(limit: float) -> dict[str, Any]:
    return {"metric": BUSY, "levels": {"warning": {"limit": limit}}}


def test_a_shadow_is_started_compared_and_promoted(
    kafka: "Broker", clickhouse: "Engine", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pulsemon_schemas.rules import parse_rule
    from pulsemon_schemas.rules.shadow import PREFIX
    from pulsemon_schemas.series_history import SeriesKey
    from pulsemon_stream_processors.replay.backtest.series_run import SeriesRun
    from support.stored_alerts import StoredAlerts

    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)
    settings = clickhouse.fresh_database()
    use_clickhouse(monkeypatch, settings)
    rule_id = f"rule-{uuid.uuid4().hex[:8]}"
    path = tmp_path / "busy.json"
    path.write_text(json.dumps(body(0.5)))
    answer("set", rule_id, "--metric", BUSY, "--limit", "warning=0.9")
    started = answer("shadow", "start", rule_id, "--file", str(path), "--reason", "quieter")
    (row,) = [one for one in answer("shadow", "list") if one["rule"] == rule_id]
    assert (row["version"], row["reason"]) == (started["version"], "quieter")

    stored = StoredAlerts(settings)
    began_ms = (int(time.time()) - 3600) * 1000
    for name, limit, prefix in (("alerts_in", 0.9, ""), ("alerts_shadow_in", 0.5, PREFIX)):
        rule = parse_rule(rule_id, body(limit))
        run = SeriesRun(rule, SeriesKey("web-1", ""), {})
        run.feed([(began_ms + at * 10_000, value) for at, value in enumerate((0.1, 0.7, 0.1, 0.95, 0.1))])
        stored.put_into(name, *(replace(one, rule_id=f"{prefix}{rule_id}") for one in run.events))
    stored.close()
    found = answer("shadow", "compare", rule_id, "--since", "2h")
    assert (found["in_force"], found["in_shadow"]) == (1, 2)
    assert (len(found["new"]), len(found["gone"]), len(found["same"])) == (1, 0, 1)
    assert found["new"][0]["value"] == 0.7

    promoted = answer("shadow", "promote", rule_id)
    shown = answer("show", rule_id)
    assert (shown["version"], shown["body"]["levels"]) == (promoted["version"], {"warning": {"limit": 0.5}})
    assert rule_id not in {one["rule"] for one in answer("shadow", "list")}
    gone = invoke("rule", "shadow", "compare", rule_id)
    assert (gone.exit_code, "has no version in shadow" in gone.stderr) == (1, True)
    path.write_text(json.dumps({"kind": "absence", "levels": {"warning": {"limit": 60}}}))
    assert invoke("rule", "shadow", "start", rule_id, "--file", str(path)).exit_code == 2
    clickhouse.drop(settings)
