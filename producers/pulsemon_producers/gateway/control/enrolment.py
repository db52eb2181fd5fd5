"""``POST /api/v1/enrol``: a host registers itself with a token, as a server of its own or as one that it is already.

Everything is a record of the control log, with the enrolment's own change id: token, machine, server, key, in this
order. So a request that is sent again, here or to another gateway, goes on where the first has come to, is counted
once, and of two at the same time the log decides.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pulsemon_schemas import enrolment, keys
from pulsemon_schemas.control import SERVER, UNUSED
from pulsemon_schemas.enrolment import (
    ENROL,
    ENROLMENT_TOKEN,
    MACHINE,
    OTHER,
    SAME,
    EnrolmentRequest,
    EnrolmentToken,
    parse_request,
)
from pulsemon_schemas.keys import KEY, WRITE_METRICS, HashedSecret, Key, Refusal
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.tokens import OPERATOR_TOKEN
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.control import documents
from pulsemon_producers.gateway.control.changes import Changes, Made, invalid
from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.enrolment_document import OPERATION
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.preconditions import Intent
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import (
    BUSY,
    ENROLMENT_USED_UP,
    KEY_UNKNOWN,
    MACHINE_KNOWN,
    OF_REFUSAL,
    SERVER_ID_TAKEN,
    VERSION_CONFLICT,
    Problem,
)

PATH = "/api/v1/enrol"
TRIES = 50
"""So often others may come first before a host is told to try again."""
MAX_SERVERS = 100
SHOWN = ("name", "environment", "region", "role")
REASON = "enrolled"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request would do to the configuration that was seen: each record expects the version that was there then.

    ``is_new``: the server is to be registered.
    """

    server_id: str
    is_new: bool
    server_version: int
    machine_version: int


class Enrolment:
    """The route, for one gateway; ``now_ms`` is the time of this host, by which tokens expire."""

    def __init__(self, gate: Gate, configuration: Configuration, changes: Changes, now_ms: Callable[[], int]) -> None:
        self._gate = gate
        self._configuration = configuration
        self._changes = changes
        self._now_ms = now_ms

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter(tags=["enrolment"])
        documents.add(router, "POST", PATH, self.enrol, OPERATION)
        return router

    async def enrol(self, request: Request) -> Response:
        """Register this host, and take its key."""
        text = self._gate.shown(request)
        self._open(text)
        try:
            asked = parse_request(await self._gate.read(request))
        except RuleError as error:
            raise invalid(error) from error
        for _ in range(TRIES):
            try:
                return await self._try(text, asked)
            except Problem as problem:
                if problem.kind is not VERSION_CONFLICT:
                    raise
        raise Problem(BUSY, "Others enrol at the same time; nothing is lost. Send it again.", retry_after_seconds=1.0)

    async def _try(self, text: str, asked: EnrolmentRequest) -> Response:
        """One way through all records. Raises Problem, VERSION_CONFLICT if somebody else came first at one of them."""
        token, who = self._token(text, asked)
        plan = self._plan(asked)
        self._check_key_id(asked)
        token_entity = (ENROLMENT_TOKEN, token.key.key_id)
        await self._put(token_entity, self._configuration.version(*token_entity), token.used().body(), asked, who)
        await self._claim(plan, asked, who)
        await self._register(plan, asked, token, who)
        await self._check_first(plan, asked, who)
        key = Key(asked.key_id, plan.server_id, frozenset({WRITE_METRICS}), (HashedSecret(asked.key_digest),))
        made = await self._put((KEY, asked.key_id), UNUSED, key.body(), asked, who)
        item = {"server_id": plan.server_id, "key_id": asked.key_id, "server": dict(self._server(plan.server_id) or {})}
        return json_answer({**item, "server_time": self._now_ms()}, 200 if made.is_repeated else 201)

    def _open(self, text: str) -> EnrolmentToken:
        """The token as it is now. Raises Problem if it opens nothing."""
        seen = keys.shown(text)
        held = None if seen is None else self._configuration.entities(ENROLMENT_TOKEN).get(seen.key_id)
        token = None if held is None else enrolment.read(held.entity_id, held.body)
        if seen is None or token is None:
            raise Problem(KEY_UNKNOWN, _ADVICE[Refusal.UNKNOWN])
        reason = keys.refusal(token.key, seen, ENROL, self._now_ms())
        if reason is not None:
            raise Problem(OF_REFUSAL[reason], _ADVICE[reason])
        return token

    def _token(self, text: str, asked: EnrolmentRequest) -> tuple[EnrolmentToken, Principal]:
        """The token, for one more use. Raises Problem if it was used up by others."""
        token = self._open(text)
        token_id = token.key.key_id
        if token.is_used_up and self._made_by((ENROLMENT_TOKEN, token_id), asked) == UNUSED:
            raise Problem(
                ENROLMENT_USED_UP,
                f"It was good for {token.max_uses} and is used up; nothing was changed. Make another with "
                "`pulsemon enrolment add`.",
            )
        return token, Principal(token_id, "", token.author)

    def _plan(self, asked: EnrolmentRequest) -> Plan:
        """Which server it becomes. Raises Problem if that is to be asked a person."""
        known = self._known(asked)
        server_id = asked.server_id
        is_new = True
        if self._made_by((SERVER, server_id), asked) == UNUSED:
            if known and asked.if_known != OTHER:
                server_id, is_new = self._same(asked, known), False
            elif self._server(server_id) is not None:
                raise self._taken(server_id)
        version = self._configuration.version
        return Plan(server_id, is_new, version(SERVER, server_id), version(MACHINE, asked.machine))

    def _same(self, asked: EnrolmentRequest, known: list[str]) -> str:
        """The server that the machine is, if the request says so. Raises Problem."""
        if asked.if_known != SAME:
            raise self._machine_known(
                known, "Send it with if_known `same` for another key of that server, or `other` for another server."
            )
        if asked.server_id not in known and len(known) > 1:
            raise self._machine_known(known, "Say which one it is, as server_id.")
        return asked.server_id if asked.server_id in known else known[0]

    def _check_key_id(self, asked: EnrolmentRequest) -> None:
        """An id is used once among all that open something: who finds one of them must find no other."""
        if self._made_by((KEY, asked.key_id), asked) != UNUSED:
            return
        kinds = (KEY, OPERATOR_TOKEN, ENROLMENT_TOKEN)
        if any(self._configuration.newest(kind, asked.key_id) is not None for kind in kinds):
            raise invalid(RuleError("enrolment", ["key.id: is used already; make another key"]))

    async def _claim(self, plan: Plan, asked: EnrolmentRequest, who: Principal) -> None:
        """The machine is this server, too. If it has become another's since the plan was made, that is a conflict."""
        if asked.machine and plan.is_new:
            claims = {**self._claims(asked.machine), plan.server_id: asked.change_id}
            newest = dict(list(claims.items())[-MAX_SERVERS:])
            await self._put((MACHINE, asked.machine), plan.machine_version, {"servers": newest}, asked, who)

    async def _register(self, plan: Plan, asked: EnrolmentRequest, token: EnrolmentToken, who: Principal) -> None:
        """Writes the server, unless it is one already; one that was retired is no more."""
        entity = (SERVER, plan.server_id)
        if plan.is_new:
            body: Mapping[str, Any] = {"name": asked.name or plan.server_id, **token.presets()}
            await self._put(entity, plan.server_version, body, asked, who)
            return
        before = self._server(plan.server_id) or {}
        if before.get("retired"):
            body = {name: value for name, value in before.items() if name != "retired"}
            await self._put(entity, plan.server_version, body, asked, who)

    async def _check_first(self, plan: Plan, asked: EnrolmentRequest, who: Principal) -> None:
        """Of two that claimed a machine before either server was there, who registered later takes its server back."""
        if not plan.is_new:
            return
        entity = (SERVER, plan.server_id)
        own = self._made_by(entity, asked)
        earlier = [one for one in self._known(asked) if self._registered_at(asked, one) < own]
        held = self._configuration.entities(SERVER).get(plan.server_id)
        if not earlier or asked.if_known == OTHER:
            if held is None:
                raise invalid(RuleError("enrolment", ["key.id: what it made is no more; make another key"]))
            return
        if held is not None and held.version == own:
            what = Intent(f"{asked.change_id}-undone", "", REASON, own, is_new=False)
            await self._changes.delete(entity, what, who, _as_it_is)
        raise self._machine_known(earlier, "It enrolled elsewhere at the same time.")

    async def _put(
        self, entity: tuple[str, str], expected: int, body: Mapping[str, Any], asked: EnrolmentRequest, who: Principal
    ) -> Made:
        """The version that this enrolment makes of an entity, once however often it is tried."""
        what = Intent(asked.change_id, "", REASON, expected, is_new=False)
        return await self._changes.put(entity, body, what, who, _as_it_is, is_random=True)

    def _made_by(self, entity: tuple[str, str], asked: EnrolmentRequest) -> int:
        return self._configuration.made_by(*entity, asked.change_id)

    def _server(self, server_id: str) -> Mapping[str, Any] | None:
        held = self._configuration.entities(SERVER).get(server_id)
        return held.body if held is not None else None

    def _claims(self, machine: str) -> dict[str, str]:
        """The servers that a machine was to become, each with the change that was to make it."""
        held = self._configuration.entities(MACHINE).get(machine)
        found = held.body.get("servers") if held is not None else None
        return {one: str(change) for one, change in found.items()} if isinstance(found, Mapping) else {}

    def _known(self, asked: EnrolmentRequest) -> list[str]:
        """The servers that this machine is: it has made them, and they are still registered."""
        return [
            one
            for one in self._claims(asked.machine)
            if self._server(one) is not None and self._registered_at(asked, one) > self._configuration.purged_at(one)
        ]

    def _registered_at(self, asked: EnrolmentRequest, server_id: str) -> int:
        """The version in which a server became this machine's; -1 if it did not."""
        change_id = self._claims(asked.machine).get(server_id, "")
        return self._configuration.made_by(SERVER, server_id, change_id) if change_id else UNUSED

    def _taken(self, server_id: str) -> Problem:
        return Problem(
            SERVER_ID_TAKEN,
            f"Another machine, or an operator, has registered {server_id!r}; nothing was changed. Choose another "
            f"server_id, or let an operator make a key: pulsemon key add {server_id}",
            members={"servers": self._shown([server_id])},
        )

    def _machine_known(self, known: list[str], advice: str) -> Problem:
        return Problem(
            MACHINE_KNOWN,
            f"This machine is registered as {', '.join(known) or 'another server'}; nothing was changed. {advice}",
            members={"servers": self._shown(known)},
        )

    def _shown(self, server_ids: Iterable[str]) -> list[dict[str, Any]]:
        found = ((one, self._server(one) or {}) for one in server_ids)
        return [
            {"id": one, **{name: str(body.get(name, "")) for name in SHOWN}, "retired": body.get("retired") is True}
            for one, body in found
        ]


_ADVICE = {
    Refusal.UNKNOWN: "No such enrolment token, or it was copied wrongly. Make one with `pulsemon enrolment add`.",
    Refusal.REVOKED: "Somebody revoked it. Make another with `pulsemon enrolment add`.",
    Refusal.EXPIRED: "Its time is over. Make another with `pulsemon enrolment add`.",
    Refusal.ROTATED_OUT: "Its time is over. Make another with `pulsemon enrolment add`.",
    Refusal.MISSING_SCOPE: "It is not made for this. Make another with `pulsemon enrolment add`.",
}


def _as_it_is(held: Held) -> Mapping[str, Any]:
    """Conflicts are tried again, and shown to nobody."""
    return {"id": held.entity_id, "version": held.version}
