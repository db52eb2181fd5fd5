"""Requests that the OpenAPI document allows, and ones that it does not; every answer is held to the document."""

import contextlib
import random
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the library warns of at import is not ours
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def operations(document: dict[str, Any]) -> list[Any]:
    """Every operation of a document."""
    schema = schemathesis.openapi.from_dict(document)
    found: list[Any] = list(schema.get_all_operations())
    return [one.ok() for one in found]


@dataclass(frozen=True)
class Sender:
    """Where requests go, and with which tokens. ``known`` are ids that exist, by a path: random ones meet nothing."""

    url: str
    tokens: Sequence[str]
    known: Callable[[str], Sequence[str]]
    session: requests.Session

    def fuzz(self, operation: Any, examples: int, number: int) -> Counter[int]:
        """So many requests that are allowed, and ones that are not; the answers by status. Fails at a wrong one."""
        seen: Counter[int] = Counter()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with contextlib.suppress(Unsatisfiable):  # nothing can be wrong with a request that has no parts
                self._run(operation, mode, examples, number, seen)
        return seen

    def _run(self, operation: Any, mode: GenerationMode, examples: int, number: int, seen: Counter[int]) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), chance=st.randoms(use_true_random=False))
        def send(case: Any, chance: random.Random) -> None:
            _meet(case, self.known(operation.path), chance)
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {chance.choice(self.tokens)}"}
            response = case.call(base_url=self.url, session=self.session, timeout=20)
            seen[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        send()


def _meet(case: Any, ids: Sequence[str], chance: random.Random) -> None:
    """Half of the requests are about something that is there; half of the changes are of whatever version is."""
    for name in case.path_parameters or {}:
        if ids and chance.random() < 0.5:
            case.path_parameters[name] = chance.choice(ids)
    if case.method in ("PUT", "DELETE") and chance.random() < 0.5:
        case.headers = {**(case.headers or {}), "If-Match": "*"}
        case.headers.pop("If-None-Match", None)
