"""Rules, what they mean for a series, and the other kinds that are written as a whole."""

import uuid
from typing import Any

import pytest
from support.control_api import FRESH, ask, etag, new_token
from support.gateways import Gateway

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module", name="token")
def all_scopes(gateway: Gateway) -> str:
    return new_token(gateway)[0]


def rule(metric: str, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "levels": {"critical": {"limit": 0.9}}, **more}


def test_a_rule_is_judged_when_it_is_written(gateway: Gateway, token: str) -> None:
    path = f"/rules/{uuid.uuid4().hex}"
    wrong = {"metric": "x", "levels": {"critical": {"limit": "high", "recover": 1}}, "scope": {"kind": "galaxy"}}
    reply = ask(gateway, "PUT", path, token, wrong, FRESH)
    assert (reply.status, reply.problem) == (422, "entity-invalid")
    places = {one["pointer"] for one in reply.json["errors"]}
    assert places == {"/levels/critical/limit", "/levels/critical/recover", "/scope/kind"}
    made = ask(gateway, "PUT", path, token, rule("x"), FRESH)
    assert made.status == 201
    assert made.json["body"]["operator"] == ">=", "what is usual is written out"
    again = ask(gateway, "PUT", path, token, made.json["body"], etag(made))
    assert (again.status, again.json["body"]) == (200, made.json["body"])


def test_what_may_not_be_meant_is_told_also_before_it_is_written(gateway: Gateway, token: str) -> None:
    metric, word = f"test.{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    dry = ask(gateway, "PUT", f"/rules/{word}-b?dry_run=true", token, rule(metric), FRESH)
    assert (dry.status, dry.json["version"], dry.json["changed_at"]) == (200, -1, None)
    assert dry.json["remarks"] == [f"the catalogue has no metric {metric}; the rule waits for somebody to send it"]
    assert ask(gateway, "GET", f"/rules/{word}-b", token).status == 404, "nothing was written"
    made = ask(gateway, "PUT", f"/rules/{word}-a", token, rule(metric), FRESH)
    other = ask(gateway, "PUT", f"/rules/{word}-b", token, rule(metric), FRESH)
    assert (len(made.json["remarks"]), len(other.json["remarks"])) == (1, 2)
    assert f"{word}-a judges it" in other.json["remarks"][1]
    stale = ask(gateway, "PUT", f"/rules/{word}-a?dry_run=true", token, rule(metric), {"If-Match": '"0"'})
    assert stale.problem == "version-conflict"
    for wrong in ("dry_run=yes", "dryrun=true"):
        assert ask(gateway, "PUT", f"/rules/{word}-a?{wrong}", token, rule(metric), FRESH).status == 400


def test_explain_names_the_rule_that_judges_and_why_not_the_others(
    gateway: Gateway, token: str, server_id: str
) -> None:
    metric = f"test.{uuid.uuid4().hex[:8]}"
    body = {"environment": "production", "role": "db", "labels": {"rack": "b"}}
    ask(gateway, "PUT", f"/servers/{server_id}", token, body, FRESH)
    rules: dict[str, dict[str, Any]] = {
        "all": rule(metric),
        "prod": rule(metric, scope={"kind": "environment", "value": "production"}),
        "stage": rule(metric, scope={"kind": "environment", "value": "staging"}),
        "role": rule(metric, scope={"kind": "role", "value": "db"}, enabled=False),
        "disk": rule(metric, scope={"kind": "instance", "value": server_id, "labels": {"disk": "sda"}}),
        "mode": rule(metric, scope={"kind": "role", "value": "db"}, match={"mode": "idle"}),
        "beside": rule(metric, family="other"),
    }
    for name, one in rules.items():
        assert ask(gateway, "PUT", f"/rules/{server_id}-{name}", token, one, FRESH).status == 201

    def explained(labels: str) -> tuple[dict[str, str], list[tuple[str, bool]], dict[str, str]]:
        found = ask(gateway, "GET", f"/rules/explain?server={server_id}&metric={metric}&labels={labels}", token).json
        short = {family: rule_id.rpartition("-")[2] for family, rule_id in found["effective"].items()}
        names = [(one["rule_id"].rpartition("-")[2], one["judges"]) for one in found["candidates"]]
        return short, names, {one["rule_id"].rpartition("-")[2]: one["why"] for one in found["candidates"]}

    effective, names, why = explained("disk%3Dsdb")
    assert effective == {metric: "prod", "other": "beside"}
    assert [name for name, _ in names] == ["disk", "mode", "role", "prod", "stage", "all", "beside"]
    assert "disabled" in why["role"]
    assert "environment staging" in why["stage"]
    assert "disk=sda" in why["disk"]
    assert "mode=idle" in why["mode"]
    assert why["all"].startswith(f"{server_id}-prod")
    assert explained("disk%3Dsda")[0] == {metric: "disk", "other": "beside"}
    assert explained("mode%3Didle")[0] == {metric: "mode", "other": "beside"}
    silence = ask(gateway, "GET", f"/rules/explain?server={server_id}", token).json
    assert silence["server"]["labels"] == {"rack": "b"}
    for wrong in ("metric=x", "server=a&labels=x", "server=a&server=b", "server=a&colour=red"):
        assert ask(gateway, "GET", f"/rules/explain?{wrong}", token).problem == "invalid-request", wrong
    assert ask(gateway, "PUT", "/rules/explain", token, rule("x"), FRESH).status == 400


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("silences", {"intervals": [[1, 9]], "comment": "kept"}, {"intervals": [[9, 1]]}),
        ("maintenance", {"intervals": [[1, 9]], "scope": {"kind": "region", "value": "eu"}}, {"intervals": []}),
        ("routes", {"receivers": ["ops"], "levels": ["critical"]}, {"receivers": [""], "levels": ["worst"]}),
    ],
)
def test_other_kinds_are_written_as_a_whole(
    gateway: Gateway, token: str, path: str, body: dict[str, Any], wrong: dict[str, Any]
) -> None:
    one = f"/{path}/{uuid.uuid4().hex}"
    assert ask(gateway, "PUT", one, token, wrong, FRESH).problem == "entity-invalid"
    made = ask(gateway, "PUT", one, token, body, FRESH)
    assert made.status == 201
    assert body.items() <= made.json["body"].items()
    shown = ask(gateway, "GET", one, token).json
    assert {**shown, "remarks": []} == made.json
    assert shown in ask(gateway, "GET", f"/{path}?limit=1000", token).json["items"]
    assert ask(gateway, "DELETE", one, token, headers=etag(made)).status == 204


def test_silences_by_whether_they_hold(gateway: Gateway, token: str) -> None:
    word = uuid.uuid4().hex
    for name, interval in {
        "over": [1, 2],
        "now": [1, 4_000_000_000_000],
        "later": [3_000_000_000_000, 4_000_000_000_000],
    }.items():
        item = {"intervals": [interval], "comment": word}
        assert ask(gateway, "PUT", f"/silences/{word}-{name}", token, item, FRESH).status == 201

    def names(holds: str) -> set[str]:
        found = ask(gateway, "GET", f"/silences?q={word}&holds={holds}", token).json["items"]
        return {one["id"].rpartition("-")[2] for one in found}

    assert (names("now"), names("open"), names("over")) == ({"now"}, {"now", "later"}, {"over"})
