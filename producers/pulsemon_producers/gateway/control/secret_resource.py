"""Keys and tokens over HTTP: made and rotated here, so that nobody but their owner ever has their secrets."""

import hashlib
import os
from collections.abc import Callable

from fastapi import APIRouter
from pulsemon_schemas import keys
from pulsemon_schemas.keys import Key
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.fields import Fields
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.control import documents
from pulsemon_producers.gateway.control.changes import Changes, invalid
from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.durations import duration_ms
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.preconditions import intent
from pulsemon_producers.gateway.control.resource import ROOT, EntityResource
from pulsemon_producers.gateway.control.secret_kind import MAX_SECONDS, SecretKind, check_covered
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import STATE_CONFLICT, Problem

DAY_SECONDS = 86_400.0
ROTATE_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "grace_seconds": {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_SECONDS,
            "default": DAY_SECONDS,
            "description": "How long the secret before stays good; 0 for one that leaked.",
        }
    },
}
SECRET_SCHEMA = {
    "secret": {
        "type": ["string", "null"],
        "description": "The whole text to be shown as a key. This answer alone has it; null when a change is repeated.",
    }
}


class SecretResource(EntityResource):
    """The routes of one kind with secrets, for one gateway."""

    def __init__(
        self,
        secret_kind: SecretKind,
        gate: Gate,
        configuration: Configuration,
        changes: Changes,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        super().__init__(secret_kind.kind, gate, configuration, changes)
        self._secret_kind = secret_kind
        self._now_ms = now_ms
        self._random_bytes = random_bytes

    def add_writing(self, router: APIRouter) -> None:
        """Make, rotate, revoke."""
        kind = self.kind
        many, one = f"{ROOT}/{kind.path}", f"{ROOT}/{kind.path}/{{entity_id}}"
        rotating = documents.acting(kind, "rotate", SECRET_SCHEMA, ROTATE_SCHEMA)
        documents.add(router, "POST", many, self.make, documents.making(kind, SECRET_SCHEMA))
        documents.add(router, "POST", f"{one}/rotate", self.rotate, rotating)
        documents.add(router, "POST", f"{one}/revoke", self.revoke, documents.acting(kind, "revoke", {}))

    async def make(self, request: Request) -> Response:
        """Make one, and show its secret this once."""
        who = self.gate.enter(request, self.kind.write_scope)
        what = intent(request.headers, must_match=False)
        problems: list[str] = []
        fields = Fields(await self.gate.read(request), problems)
        key_id = self._id_of(who, what.change_id)
        text, digest = self._new_secret(key_id)
        body = self._secret_kind.new_body(fields, key_id, digest, who)
        fields.unasked()
        if problems:
            raise invalid(RuleError(f"the {self.kind.noun}", problems))
        entity = (self.kind.entity_type, key_id)
        made = await self.changes.put(entity, body, what, who, self.kind.representation, is_random=True)
        return self.answer(made, {"secret": None if made.is_repeated else text})

    async def rotate(self, request: Request) -> Response:
        """Give it another secret, and show that this once; the one before stays good for the grace."""
        who = self.gate.enter(request, self.kind.write_scope)
        what = intent(request.headers, must_match=False)
        problems: list[str] = []
        fields = Fields(await self.gate.read(request), problems)
        grace_ms = duration_ms(fields, "grace_seconds", DAY_SECONDS, 0.0, MAX_SECONDS)
        fields.unasked()
        if problems:
            raise invalid(RuleError("the rotation", problems))
        held, key = self._key(request)
        if key.is_revoked or key.is_direct:
            raise _not_rotated(key, self.kind.noun)
        if self._secret_kind.needs_own_scopes:
            check_covered(key.scopes, who)
        text, digest = self._new_secret(key.key_id)
        turned = keys.rotated(key, digest, self._now_ms(), grace_ms)
        entity = (self.kind.entity_type, held.entity_id)
        body = self._secret_kind.changed_body(held, turned)
        made = await self.changes.put(entity, body, what, who, self.kind.representation, is_random=True)
        return self.answer(made, {"secret": None if made.is_repeated else text})

    async def revoke(self, request: Request) -> Response:
        """End it for good. Every gateway refuses it within a second."""
        who = self.gate.enter(request, self.kind.write_scope)
        what = intent(request.headers, must_match=False)
        held, key = self._key(request)
        entity = (self.kind.entity_type, held.entity_id)
        body = self._secret_kind.changed_body(held, keys.revoked(key))
        return self.answer(await self.changes.put(entity, body, what, who, self.kind.representation, is_random=True))

    def _key(self, request: Request) -> tuple[Held, Key]:
        held = self.found(request)
        key = self._secret_kind.read(held)
        if key is None:
            raise self.unknown(held.entity_id)
        return held, key

    def _id_of(self, who: Principal, change_id: str) -> str:
        """The same for a change that is repeated, so that it makes no second one."""
        digest = hashlib.sha256(f"{self.kind.entity_type}/{who.key_id}/{change_id}".encode()).digest()
        return keys.new_id(lambda count: digest[:count])

    def _new_secret(self, key_id: str) -> tuple[str, str]:
        """The text to show, and the digest to write."""
        text = keys.new_text(key_id, self._random_bytes)
        seen = keys.shown(text)
        assert seen is not None
        return text, seen.digest


def _not_rotated(key: Key, noun: str) -> Problem:
    if key.is_revoked:
        return Problem(STATE_CONFLICT, f"The {noun} was revoked and stays so; nothing was changed. Make another.")
    text = "Its secrets are logins of Kafka, which only `pulsemon key rotate` makes; nothing was changed."
    return Problem(STATE_CONFLICT, text)
