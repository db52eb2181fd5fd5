"""One change of one entity, from what a request says to what the log has made of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.control import DELETE, PUT, UNUSED, Verdict
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules import RuleError

from pulsemon_producers.gateway.control.configuration import Configuration, Held, Outcome
from pulsemon_producers.gateway.control.preconditions import Intent
from pulsemon_producers.gateway.control.writer import ControlWriter, Describe, conflict
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import ENTITY_INVALID, KEY_REUSED, Problem, Rejected

MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Made:
    """A change that is made. ``is_new``: the entity was not in force before. ``is_repeated``: by an earlier try."""

    version: int
    held: Held
    is_new: bool
    is_repeated: bool


class Changes:
    """Makes changes. Every method raises Problem: a conflict, or that it is not known what became of it."""

    def __init__(self, writer: ControlWriter, configuration: Configuration) -> None:
        self._writer = writer
        self._configuration = configuration

    async def put(
        self,
        entity: tuple[str, str],
        body: Mapping[str, Any],
        what: Intent,
        who: Principal,
        describe: Describe,
        *,
        is_random: bool = False,
    ) -> Made:
        """Puts a body in force. ``is_random``: a repeated one is another each time, so bodies are not compared."""
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return await self._make(entity, PUT, text, what, who, describe, is_random)

    def foresee(
        self, entity: tuple[str, str], body: Mapping[str, Any], what: Intent, who: Principal, describe: Describe
    ) -> Made:
        """What ``put`` would do, as far as is known here; nothing is written. ``version`` is the one in force now."""
        newest, current = self._configuration.newest(*entity), self._configuration.version(*entity)
        expected = self._expected(entity, what)
        if expected != current:
            raise conflict(expected, Outcome(Verdict(void=True, version=current), newest), describe)
        held = Held(entity[1], current, 0, body, who.author, what.on_behalf_of, what.reason, what.change_id)
        return Made(current, held, newest is None or newest.is_ended, is_repeated=False)

    async def delete(self, entity: tuple[str, str], what: Intent, who: Principal, describe: Describe) -> Made:
        """Ends an entity."""
        return await self._make(entity, DELETE, "", what, who, describe, is_random=False)

    async def _make(
        self,
        entity: tuple[str, str],
        operation: str,
        text: str,
        what: Intent,
        who: Principal,
        describe: Describe,
        is_random: bool,
    ) -> Made:
        before = self._configuration.newest(*entity)
        expected, said = self._expected(entity, what), (what.on_behalf_of, what.reason)
        record = ControlRecord(*entity, operation, expected, what.change_id, who.author, *said, text)
        outcome = await self._writer.write(record, describe)
        if outcome.verdict.repeated:
            return _repeated(record, outcome, is_random=is_random)
        held = outcome.newest
        if held is None:  # a type that is not kept
            held = Held(entity[1], outcome.verdict.version, 0, {}, *_said(record))
        return Made(outcome.verdict.version, held, before is None or before.is_ended, is_repeated=False)

    def _expected(self, entity: tuple[str, str], what: Intent) -> int:
        if what.expected_version is not None:
            return what.expected_version
        held = self._configuration.newest(*entity)
        if what.is_new and held is not None and not held.is_ended:
            return UNUSED
        return self._configuration.version(*entity)


def _repeated(record: ControlRecord, outcome: Outcome, *, is_random: bool) -> Made:
    """What an earlier try has made. Raises Problem if that was another change under the same id."""
    version, newest = outcome.verdict.version, outcome.newest
    body: Mapping[str, Any] = json.loads(record.body) if record.body else {}
    if newest is None or newest.version != version:
        held = Held(record.entity_id, version, 0, body, *_said(record), is_ended=record.operation != PUT)
        return Made(version, held, is_new=False, is_repeated=True)
    is_other = newest.is_ended != (record.operation != PUT) or (not is_random and newest.body != body)
    if is_other:
        raise Problem(
            KEY_REUSED,
            f"The Idempotency-Key made version {version}, which says something else; nothing was changed. "
            "Take a new one for a new change.",
            members={"version": version},
        )
    return Made(version, newest, is_new=False, is_repeated=True)


def _said(record: ControlRecord) -> tuple[str, str, str, str]:
    return record.author, record.on_behalf_of, record.reason, record.change_id


def invalid(error: RuleError) -> Problem:
    """Everything that is wrong with a body, each with a pointer to its place."""
    found = [_rejected(problem) for problem in error.problems]
    return Problem(
        ENTITY_INVALID,
        f"{error.entity} cannot be used, for {len(found)} reason{'s' * (len(found) != 1)}; nothing was changed. "
        f"The first: {error.problems[0]}.",
        rejected=found[:MAX_PROBLEMS],
    )


def _rejected(problem: str) -> Rejected:
    place, colon, detail = problem.partition(": ")
    if not colon or " " in place:
        return Rejected(0, "", "invalid", problem)
    return Rejected(0, "/" + place.replace("~", "~0").replace("/", "~1").replace(".", "/"), "invalid", detail)
