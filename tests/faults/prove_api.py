"""Proof: whatever is sent to a gateway, it answers as its OpenAPI document says, and never with a mistake of its own.

Every operation of the document gets hundreds of requests that the document allows, and as many that it does not.
"""

import time
from collections import Counter

import pytest
import requests
from support.api_fuzz import Sender, operations
from support.control_api import FRESH, ask, new_token
from support.gateways import running_gateway
from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
EXAMPLES = 100
BODIES = {
    "servers": {"role": "web"},
    "rules": {"metric": "x", "levels": {"critical": {"limit": 1}}},
    "silences": {"intervals": [[1, 2]]},
    "maintenance": {"intervals": [[1, 2]]},
    "routes": {"receivers": ["ops"]},
}


def test_no_request_gets_an_answer_outside_of_the_document(kafka: Broker) -> None:
    with running_gateway(kafka) as gateway, requests.Session() as session:
        token, _ = new_token(gateway, name="fuzz")
        _, victim = new_token(gateway, name="victim")
        key = gateway.new_key("web-fuzz")
        for path, body in BODIES.items():
            for number in range(3):
                assert ask(gateway, "PUT", f"/{path}/known-{number}", token, body, FRESH).status == 201
        found = operations(gateway.ask("GET", "/openapi.json").json)

        def known(path: str) -> list[str]:
            kind = path.split("/")[3] if path.startswith("/api/v1/") else ""
            own = {"keys": [key.key.key_id], "tokens": [victim.key.key_id]}
            return own.get(kind, [f"known-{number}" for number in range(3)])

        sender = Sender(gateway.url, [token] * 6 + [key.text, ""], known, session)
        began = time.monotonic()
        seen: Counter[int] = Counter()
        for number, operation in enumerate(found):
            counted = sender.fuzz(operation, EXAMPLES, number)
            print(f"{operation.method} {operation.path}: {dict(sorted(counted.items()))}", flush=True)
            seen += counted
    minutes = (time.monotonic() - began) / 60
    print(f"{len(found)} operations, {seen.total()} requests in {minutes:.1f} min: {dict(sorted(seen.items()))}")
    assert all(status < 500 or status == 503 for status in seen)
