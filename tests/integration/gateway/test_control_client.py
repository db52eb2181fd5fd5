"""The client of the control API that the command line and the dashboard share."""

import threading
import uuid

import pytest
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_producers.control_client import ControlApiError, ControlClient, Said, address
from pulsemon_producers.http_settings import HttpSettings
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.secret import Secret
from support.control_api import new_token
from support.gateways import Gateway

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module", name="client")
def operator(gateway: Gateway) -> ControlClient:
    return ControlClient(HttpSettings(gateway.url, Secret(new_token(gateway, name="client")[0])))


def test_everything_that_is_done_to_an_entity(client: ControlClient, server_id: str) -> None:
    path, said = address("servers", f"{server_id} ü"), Said("größer", "jörg")
    made = client.create(path, {"role": "web"}, said)
    assert (made["id"], made["reason"], made["on_behalf_of"]) == (f"{server_id} ü", "größer", "jörg")
    assert client.create(path, {"role": "web"}, said) == made, "the same change"
    changed = client.replace(path, {"role": "db"}, made["version"], Said())
    with pytest.raises(ControlApiError) as refused:
        client.replace(path, {"role": "cache"}, made["version"], Said())
    assert (refused.value.status, refused.value.kind) == (409, "version-conflict")
    assert refused.value.document["in_force"] == client.get(path)
    assert "Version" in str(refused.value)
    assert {**client.get(path), "remarks": []} == changed
    foreseen = client.replace(path, {"role": "cache"}, changed["version"], Said(), dry_run=True)
    assert (foreseen["body"]["role"], foreseen["version"]) == ("cache", changed["version"])
    assert client.get(path)["body"]["role"] == "db", "nothing was written"
    key = client.act("/keys", {"server_id": f"{server_id} ü"}, Said())
    assert client.act(address("keys", key["id"], "revoke"), {}, Said())["body"]["state"] == "revoked"
    client.delete(path, changed["version"], Said())
    with pytest.raises(ControlApiError, match="is in force"):
        client.get(path)


def test_lists_are_read_to_their_end(client: ControlClient, monkeypatch: pytest.MonkeyPatch) -> None:
    place = uuid.uuid4().hex[:8]
    for number in range(5):
        client.create(f"/servers/{place}-{number}", {"region": place}, Said())
    monkeypatch.setattr("pulsemon_producers.control_client.PAGE", 2)
    found = [one["id"] for one in client.items("/servers", [("region", place)])]
    assert found == [f"{place}-{number}" for number in range(5)]


def test_a_gateway_that_is_away_is_said_after_a_while() -> None:
    (port,) = free_ports(1)
    waits: list[float] = []
    client = ControlClient(HttpSettings(f"http://127.0.0.1:{port}", Secret("pm_x")), 0.05, waits.append)
    with pytest.raises(TransientError, match="no sure answer"):
        client.get("/servers")
    assert waits


def test_of_many_edits_of_one_version_one_wins(client: ControlClient, server_id: str) -> None:
    path = address("servers", server_id)
    version = client.create(path, {}, Said())["version"]
    outcomes: list[str] = []

    def edit(number: int) -> None:
        try:
            client.replace(path, {"name": str(number)}, version, Said())
        except ControlApiError as problem:
            outcomes.append(problem.kind)
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["made"] + ["version-conflict"] * 11
