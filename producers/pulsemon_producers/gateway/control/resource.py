"""A kind of entity over HTTP: list, show, put, delete. What is special about a kind is in its data."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pulsemon_schemas.rules import RuleError
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.control import documents
from pulsemon_producers.gateway.control.changes import Changes, Made, invalid
from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.listing import cut, flag, given, page
from pulsemon_producers.gateway.control.preconditions import Intent, etag, intent
from pulsemon_producers.gateway.problems import ENTITY_UNKNOWN, INVALID_REQUEST, Problem

ROOT = "/api/v1"
CREATED, NO_CONTENT = 201, 204
DRY_RUN = "dry_run"


class EntityResource:
    """The routes of one kind, for one gateway."""

    def __init__(self, kind: EntityKind, gate: Gate, configuration: Configuration, changes: Changes) -> None:
        self.kind = kind
        self.gate = gate
        self.configuration = configuration
        self.changes = changes
        self._ids: tuple[int, list[str]] = (-2, [])

    def router(self) -> APIRouter:
        """All of them."""
        router = APIRouter(tags=[self.kind.path])
        self.add_reading(router)
        self.add_writing(router)
        return router

    def add_reading(self, router: APIRouter) -> None:
        """List and show."""
        kind = self.kind
        many, one = f"{ROOT}/{kind.path}", f"{ROOT}/{kind.path}/{{entity_id}}"
        documents.add(router, "GET", many, self.list_all, documents.listing(kind))
        documents.add(router, "GET", one, self.show, documents.showing(kind))

    def add_writing(self, router: APIRouter) -> None:
        """Put and delete."""
        kind = self.kind
        one = f"{ROOT}/{kind.path}/{{entity_id}}"
        documents.add(router, "PUT", one, self.put, documents.putting(kind))
        documents.add(router, "DELETE", one, self.delete, documents.deleting(kind))

    async def list_all(self, request: Request) -> Response:
        """Those in force, by id, in pages."""
        self.gate.enter(request, self.kind.read_scope)
        asked = page(request.query_params.multi_items(), self.kind.filters)
        found, cursor = cut(self._sorted_ids(), self.entities(), asked)
        return json_answer({"items": [self.kind.representation(held) for held in found], "next": cursor})

    async def show(self, request: Request) -> Response:
        """One of them, with its version as ETag."""
        self.gate.enter(request, self.kind.read_scope)
        held = self.found(request)
        return json_answer(self.kind.representation(held), 200, {"ETag": etag(held.version)})

    async def put(self, request: Request) -> Response:
        """Make it, or replace the version that was seen. It is in force when this answers 200 or 201."""
        who = self.gate.enter(request, self.kind.write_scope)
        what = intent(request.headers, must_match=True)
        is_dry = flag(given(request.query_params.multi_items(), (DRY_RUN,)), DRY_RUN)
        entity_id = self._entity_id(request)
        sent = await self.gate.read(request)
        try:
            body = self.kind.check(entity_id, sent)
        except RuleError as error:
            raise invalid(error) from error
        entity = (self.kind.entity_type, entity_id)
        if is_dry:
            made = self.changes.foresee(entity, body, what, who, self.kind.representation)
        else:
            made = await self.changes.put(entity, body, what, who, self.kind.representation)
        remarks = self.kind.remarks(made.held, self.entities())
        if is_dry:
            return json_answer({**self.kind.representation(made.held), "remarks": remarks})
        return self.answer(made, {"remarks": remarks})

    async def delete(self, request: Request) -> Response:
        """End the version that was seen. Its history stays."""
        who = self.gate.enter(request, self.kind.write_scope)
        what = intent(request.headers, must_match=True)
        entity_id = request.path_params["entity_id"]
        newest = self.configuration.newest(self.kind.entity_type, entity_id)
        is_gone = newest is None or (newest.is_ended and newest.change_id != what.change_id)
        if is_gone and not self._is_behind(what):
            raise self.unknown(entity_id)
        entity = (self.kind.entity_type, entity_id)
        made = await self.changes.delete(entity, what, who, self.kind.representation)
        return Response(status_code=NO_CONTENT, headers={"ETag": etag(made.version)})

    def entities(self) -> Mapping[str, Held]:
        """Those in force."""
        return self.configuration.entities(self.kind.entity_type)

    def found(self, request: Request) -> Held:
        """The one that the address names. Raises Problem if it is not in force."""
        entity_id = request.path_params["entity_id"]
        held = self.entities().get(entity_id)
        if held is None:
            raise self.unknown(entity_id)
        return held

    def unknown(self, entity_id: str) -> Problem:
        """There is none of this id."""
        return Problem(ENTITY_UNKNOWN, f"No {self.kind.noun} {entity_id[:200]!r} is in force; nothing was changed.")

    def answer(self, made: Made, more: Mapping[str, Any] | None = None) -> Response:
        """A change that is made, as its new version."""
        headers = {"ETag": etag(made.version)}
        item = self.kind.representation(made.held)
        return json_answer({**item, **(more or {})}, CREATED if made.is_new else 200, headers)

    def _is_behind(self, what: Intent) -> bool:
        """Whether the sender has seen more of the log than this gateway has read: the log itself then answers."""
        return what.expected_version is not None and what.expected_version > self.configuration.offset

    def _entity_id(self, request: Request) -> str:
        entity_id: str = request.path_params["entity_id"]
        if not self.kind.is_id(entity_id):
            raise Problem(
                INVALID_REQUEST,
                "An id has 1 to 253 printable characters, no slash, and does not begin with _; nothing was changed.",
            )
        return entity_id

    def _sorted_ids(self) -> list[str]:
        """Sorted once for each time that one of them has changed."""
        revision = self.configuration.revision(self.kind.entity_type)
        if self._ids[0] != revision:
            self._ids = revision, sorted(self.entities())
        return self._ids[1]
