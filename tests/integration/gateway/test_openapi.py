"""What the OpenAPI document promises holds for requests that nobody thought of. `make prove-api` sends many more."""

import uuid

import pytest
import requests
from support.api_fuzz import Sender, operations
from support.control_api import FRESH, ask, new_token
from support.gateways import Gateway

pytestmark = pytest.mark.kafka
EXAMPLES = 1
# One of each form: the other kinds of entities are the same code with other data.
OPERATIONS = {
    "post /api/v1/metrics",
    "get /api/v1/rules/explain",
    "get /api/v1/servers",
    "put /api/v1/servers/{entity_id}",
    "delete /api/v1/servers/{entity_id}",
    "post /api/v1/tokens",
    "get /api/v1/alerts",
    "post /api/v1/alerts/{alert_id}/close",
    "post /api/v1/events",
}


def test_no_answer_is_outside_of_the_document(gateway: Gateway) -> None:
    token, _ = new_token(gateway, name="fuzz")
    key = gateway.new_key("web-fuzz").text
    place = f"fuzz-{uuid.uuid4().hex[:8]}"
    assert ask(gateway, "PUT", f"/servers/{place}", token, {}, FRESH).status == 201
    document = gateway.ask("GET", "/openapi.json").json
    chosen = {
        path: {method: item for method, item in methods.items() if f"{method} {path}" in OPERATIONS}
        for path, methods in document["paths"].items()
    }
    document["paths"] = {path: methods for path, methods in chosen.items() if methods}
    found = operations(document)
    assert {f"{one.method} {one.path}" for one in found} == OPERATIONS
    with requests.Session() as session:
        sender = Sender(gateway.url, [token, token, token, key], lambda path: [place] * ("servers" in path), session)
        for number, operation in enumerate(found):
            assert sender.fuzz(operation, EXAMPLES, number)
