"""Who may use the control API: every refusal has a type of its own, and nothing is written."""

import os
import time
import uuid
from dataclasses import dataclass, replace

import pytest
from pulsemon_schemas import keys
from pulsemon_schemas.keys import HashedSecret
from pulsemon_schemas.tokens import CLOSE_ALERTS, READ, SCOPES, WRITE_ALERTS, WRITE_CONTROL, WRITE_KEYS, WRITE_TOKENS
from support.control_api import FRESH, ask, etag, new_token, write_token
from support.gateways import Gateway, batch, framed
from support.waiting import wait_until

pytestmark = pytest.mark.kafka
NOW_MS = int(time.time() * 1000)


@dataclass(frozen=True)
class Cast:
    """Texts that somebody may show, by what is wrong with them."""

    texts: dict[str, str]
    good: str


@pytest.fixture(scope="module", name="cast")
def everybody(gateway: Gateway) -> Cast:
    good, _ = new_token(gateway, name="good")
    wrong = keys.new_text("abcdefgh2345", os.urandom)
    revoked, token = new_token(gateway, name="revoked")
    write_token(gateway, replace(token, key=keys.revoked(token.key)), version_of(gateway, token.key.key_id, good))
    old, token = new_token(gateway, name="rotated")
    turned = replace(token.key, secrets=(HashedSecret("1" * 64), replace(token.key.secrets[0], ends_at_ms=NOW_MS - 1)))
    write_token(gateway, replace(token, key=turned), version_of(gateway, token.key.key_id, good))
    texts = {
        "missing": "",
        "misspelt": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "unknown": wrong,
        "other secret": keys.new_text(keys.shown(good).key_id, os.urandom),  # type: ignore[union-attr] # it is a token
        "revoked": revoked,
        "rotated out": old,
        "expired": new_token(gateway, name="expired", expires_at_ms=NOW_MS - 1)[0],
        "a server's key": gateway.new_key("web-access").text,
        "reads alone": new_token(gateway, [READ], name="reader")[0],
        "alerts alone": new_token(gateway, [WRITE_ALERTS, CLOSE_ALERTS], name="alerts")[0],
    }
    wait_until(lambda: refused(gateway, texts["rotated out"]) == "key-rotated-out", 5.0, "the rotation")
    wait_until(lambda: refused(gateway, texts["revoked"]) == "key-revoked", 5.0, "the revocation")
    return Cast(texts, good)


def version_of(gateway: Gateway, token_id: str, token: str) -> int:
    return int(ask(gateway, "GET", f"/tokens/{token_id}", token).json["version"])


def refused(gateway: Gateway, text: str) -> str:
    reply = ask(gateway, "GET", "/servers?limit=1", text)
    return "" if reply.status == 200 else reply.problem


CHANGES = [
    ("PUT", "/servers/{}", {}),
    ("DELETE", "/servers/web-access-kept", None),
    ("PUT", "/rules/{}", {"metric": "system.cpu.utilization", "levels": {"critical": {"limit": 0.9}}}),
    ("PUT", "/silences/{}", {"intervals": [[1, 2]]}),
    ("PUT", "/maintenance/{}", {"intervals": [[1, 2]]}),
    ("PUT", "/routes/{}", {"receivers": ["ops"]}),
    ("POST", "/keys", {"server_id": "web-access-kept"}),
    ("POST", "/tokens", {"name": "more", "scopes": ["control:read"]}),
    ("POST", "/events", {"server_id": "web-access-kept", "kind": "deploy"}),
]
REFUSALS = [
    ("missing", 401, "key-missing"),
    ("misspelt", 401, "key-unknown"),
    ("unknown", 401, "key-unknown"),
    ("other secret", 401, "key-unknown"),
    ("revoked", 401, "key-revoked"),
    ("rotated out", 401, "key-rotated-out"),
    ("expired", 401, "key-expired"),
    ("a server's key", 403, "scope-missing"),
    ("reads alone", 403, "scope-missing"),
    ("alerts alone", 403, "scope-missing"),
]


@pytest.mark.parametrize(("who", "status", "problem"), REFUSALS)
def test_who_may_not_changes_nothing(gateway: Gateway, cast: Cast, who: str, status: int, problem: str) -> None:
    before = newest_offset(gateway, cast.good)
    for method, path, item in CHANGES:
        reply = ask(gateway, method, path.format(uuid.uuid4().hex), cast.texts[who], item, FRESH)
        assert (reply.status, reply.problem) == (status, problem), (method, path)
        assert ("www-authenticate" in reply.headers) == (status == 401)
        assert cast.texts[who] not in reply.body.decode() or not cast.texts[who]
    assert newest_offset(gateway, cast.good) == before, "nothing was written"


def newest_offset(gateway: Gateway, token: str) -> int:
    return int(ask(gateway, "GET", "/rules/explain?server=x&metric=y", token).json["control_offset"])


def test_a_token_in_the_address_is_refused_and_not_repeated(gateway: Gateway, cast: Cast) -> None:
    for path in (f"/servers?token={cast.good}", f"/servers?q={cast.good}", "/servers?api_key=x"):
        reply = ask(gateway, "GET", path, cast.good)
        assert (reply.status, reply.problem) == (400, "key-in-query")
        assert cast.good not in reply.body.decode()


def test_a_token_sends_no_metrics_and_a_key_only_its_servers(gateway: Gateway, cast: Cast, server_id: str) -> None:
    assert gateway.post_avro(framed(batch(server_id)), cast.good).problem == "scope-missing"
    assert ask(gateway, "PUT", f"/servers/{server_id}", cast.good, {}, FRESH).status == 201
    made = ask(gateway, "POST", "/keys", cast.good, {"server_id": server_id})
    assert made.status == 201, made
    key = made.json["secret"]
    assert gateway.post_avro(framed(batch(server_id)), key).status == 202
    assert gateway.post_avro(framed(batch("other")), key).problem == "other-server"
    assert "sha256" not in made.body.decode()
    assert made.json["body"] == {
        "server_id": server_id,
        "direct": False,
        "scopes": ["metrics:write"],
        "expires_at": None,
        "state": "good",
        "old_secret_until": None,
    }

    turned = ask(gateway, "POST", f"/keys/{made.json['id']}/rotate", cast.good, {"grace_seconds": 0}, etag(made))
    assert turned.status == 200
    assert gateway.post_avro(framed(batch(server_id, 1)), key).problem == "key-rotated-out"
    assert gateway.post_avro(framed(batch(server_id, 1)), turned.json["secret"]).status == 202
    assert ask(gateway, "POST", f"/keys/{made.json['id']}/revoke", cast.good, headers=etag(made)).status == 409
    revoked = ask(gateway, "POST", f"/keys/{made.json['id']}/revoke", cast.good)
    assert (revoked.status, revoked.json["body"]["state"]) == (200, "revoked")
    assert gateway.post_avro(framed(batch(server_id, 2)), turned.json["secret"]).problem == "key-revoked"
    assert ask(gateway, "POST", f"/keys/{made.json['id']}/rotate", cast.good, {}).problem == "state-conflict"
    listed = ask(gateway, "GET", f"/keys?server_id={server_id}&state=revoked", cast.good)
    assert [one["id"] for one in listed.json["items"]] == [made.json["id"]]
    assert "sha256" not in listed.body.decode()


def test_making_a_key_twice_with_one_name_makes_one(gateway: Gateway, cast: Cast, server_id: str) -> None:
    assert ask(gateway, "POST", "/keys", cast.good, {"server_id": server_id}).problem == "entity-invalid"
    ask(gateway, "PUT", f"/servers/{server_id}", cast.good, {}, FRESH)
    for wrong in (0, -1, 1e300, "1d"):
        item = {"server_id": server_id, "expires_in_seconds": wrong}
        assert ask(gateway, "POST", "/keys", cast.good, item).problem == "entity-invalid", wrong
    once = {"Idempotency-Key": uuid.uuid4().hex}
    first = ask(gateway, "POST", "/keys", cast.good, {"server_id": server_id}, once)
    again = ask(gateway, "POST", "/keys", cast.good, {"server_id": server_id}, once)
    assert (first.status, again.status) == (201, 200)
    assert (again.json["id"], again.json["version"]) == (first.json["id"], first.json["version"])
    assert again.json["secret"] is None, "a secret is shown once"
    assert len(ask(gateway, "GET", f"/keys?server_id={server_id}", cast.good).json["items"]) == 1


def test_nobody_gives_more_than_he_has(gateway: Gateway, cast: Cast) -> None:
    some, _ = new_token(gateway, [READ, WRITE_TOKENS, WRITE_CONTROL], name="some")
    item = {"name": "ci", "scopes": [READ, WRITE_KEYS]}
    assert ask(gateway, "POST", "/tokens", some, item).problem == "scope-missing"
    made = ask(gateway, "POST", "/tokens", some, {**item, "scopes": [READ], "expires_in_seconds": 3600})
    assert made.status == 201
    assert made.json["author"].startswith("some/")
    assert made.json["body"]["expires_at"] == pytest.approx(time.time() * 1000 + 3_600_000, abs=60_000)
    assert refused(gateway, made.json["secret"]) == ""
    mighty = ask(gateway, "POST", "/tokens", cast.good, {"name": "all", "scopes": list(SCOPES)})
    assert ask(gateway, "POST", f"/tokens/{mighty.json['id']}/rotate", some, {}).problem == "scope-missing"
    assert ask(gateway, "POST", f"/tokens/{mighty.json['id']}/revoke", some).status == 200
    assert refused(gateway, mighty.json["secret"]) == "key-revoked"
    for wrong in (
        {"name": "a/b", "scopes": [READ]},
        {"name": "x"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["all"]},
    ):
        assert ask(gateway, "POST", "/tokens", cast.good, wrong).problem == "entity-invalid", wrong
