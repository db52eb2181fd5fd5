"""What the OpenAPI document says of the control API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.listing import DEFAULT_LIMIT, MAX_LIMIT
from pulsemon_producers.gateway.openapi import SECURITY, problem_responses

Handler = Callable[[Request], Awaitable[Response]]
Schema = Mapping[str, Any]

MILLISECONDS: Schema = {"type": ["integer", "null"], "description": "Milliseconds since 1970, UTC."}
ETAG: Mapping[str, Any] = {"ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}}}
LIST_PROBLEMS = (400, 401, 403, 405, 503)
READ_PROBLEMS = (*LIST_PROBLEMS, 404)
WRITE_PROBLEMS = (*READ_PROBLEMS, 408, 409, 413, 415, 422, 428)
DELETE_PROBLEMS = (*READ_PROBLEMS, 409, 422, 428)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is documented. ``answers`` are those without problems, by status."""

    summary: str
    answers: Mapping[int, Mapping[str, Any]]
    problems: tuple[int, ...]
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Schema | None = None
    operation_id: str = ""
    scopes: tuple[str, ...] = field(default=())


def add(router: APIRouter, method: str, path: str, handle: Handler, operation: Operation) -> None:
    """Adds a route to a router: the handler reads the request itself, the document says what it may hold."""
    extra: dict[str, Any] = {"security": SECURITY, "parameters": list(operation.parameters)}
    if operation.body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    known = problem_responses()
    responses: dict[int | str, dict[str, Any]] = {status: dict(item) for status, item in operation.answers.items()}
    responses |= {status: known[status] for status in operation.problems}
    router.add_api_route(
        path,
        handle,
        methods=[method],
        status_code=next(iter(operation.answers)),
        response_class=Response,
        operation_id=operation.operation_id,
        summary=operation.summary,
        description=f"Needs the scope {' or '.join(operation.scopes)}." if operation.scopes else None,
        openapi_extra=extra,
        responses=responses,
    )


def answer(description: str, schema: Schema | None = None, *, tagged: bool = False) -> dict[str, Any]:
    """One answer; ``tagged`` ones bear the version as ETag."""
    item: dict[str, Any] = {"description": description}
    if schema is not None:
        item["content"] = {"application/json": {"schema": schema}}
    if tagged:
        item["headers"] = ETAG
    return item


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """A part of the path."""
    schema = {"type": "string", "minLength": 1, "maxLength": 253}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def query_parameter(name: str, description: str, schema: Schema) -> dict[str, Any]:
    """A parameter of the address that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def header_parameter(name: str, description: str, pattern: str = "") -> dict[str, Any]:
    """A header that may be left out."""
    schema: dict[str, Any] = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


DRY_RUN = query_parameter("dry_run", "true: say what would be, and write nothing.", {"type": "boolean"})
CHANGE_HEADERS: tuple[Mapping[str, Any], ...] = (
    header_parameter("Idempotency-Key", "Names the change: repeating it makes no second version.", "^[!-~]{1,128}$"),
    header_parameter("Pulsemon-Reason", "Why; kept for ever beside the change.", "^[ -~]{0,500}$"),
    header_parameter("Pulsemon-On-Behalf-Of", "Who wanted it: a claim, kept beside the author.", "^[ -~]{0,500}$"),
)
MATCH_HEADERS: tuple[Mapping[str, Any], ...] = (
    header_parameter("If-Match", "The ETag that was seen, or * for whichever is in force.", '^("[0-9]{1,18}"|\\*)$'),
    header_parameter("If-None-Match", "* alone: only if none is in force.", "^\\*$"),
)


def representation_schema(kind: EntityKind) -> dict[str, Any]:
    """An entity as it is answered."""
    properties: dict[str, Any] = {
        "id": {"type": "string"},
        "version": {"type": "integer", "description": "Offset of its record in the control log."},
        "changed_at": MILLISECONDS,
        "author": {"type": "string", "description": "Whose token made this version."},
        "on_behalf_of": {"type": "string", "description": "For whom, as the author says."},
        "reason": {"type": "string"},
        "body": {"type": "object", "properties": kind.shown_schema},
        **kind.beside_schema,
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def listing(kind: EntityKind) -> Operation:
    """List."""
    items = {"type": "array", "items": representation_schema(kind)}
    return Operation(
        f"List {kind.path}",
        {200: answer("A page, in the order of ids.", page_schema(items))},
        LIST_PROBLEMS,
        page_parameters(kind.filters),
        operation_id=f"list_{_snake(kind.path)}",
        scopes=(kind.read_scope,),
    )


def showing(kind: EntityKind) -> Operation:
    """Show."""
    return Operation(
        f"Show one {kind.noun}",
        {200: answer("The version in force.", representation_schema(kind), tagged=True)},
        READ_PROBLEMS,
        (path_parameter("entity_id", f"Id of the {kind.noun}."),),
        operation_id=f"show_{_snake(kind.noun)}",
        scopes=(kind.read_scope,),
    )


def putting(kind: EntityKind) -> Operation:
    """Put."""
    remarks = {"type": "array", "items": {"type": "string"}, "description": "What is allowed and may not be meant."}
    schema = _with(representation_schema(kind), {"remarks": remarks})
    return Operation(
        f"Make or change a {kind.noun}",
        {
            200: answer("A new version is in force; of a dry run: what it would be, and the version now.", schema),
            201: answer("It is made, and in force.", schema, tagged=True),
        },
        WRITE_PROBLEMS,
        (path_parameter("entity_id", f"Id of the {kind.noun}."), DRY_RUN, *MATCH_HEADERS, *CHANGE_HEADERS),
        kind.body_schema,
        operation_id=f"put_{_snake(kind.noun)}",
        scopes=(kind.write_scope,),
    )


def deleting(kind: EntityKind) -> Operation:
    """Delete."""
    return Operation(
        f"End a {kind.noun}",
        {204: answer("It is ended; the ETag is the version that ended it.", tagged=True)},
        DELETE_PROBLEMS,
        (path_parameter("entity_id", f"Id of the {kind.noun}."), *MATCH_HEADERS, *CHANGE_HEADERS),
        operation_id=f"delete_{_snake(kind.noun)}",
        scopes=(kind.write_scope,),
    )


def making(kind: EntityKind, more: Schema) -> Operation:
    """Make one with an id that is made too."""
    schema = _with(representation_schema(kind), more)
    return Operation(
        f"Make a {kind.noun}",
        {
            201: answer("It is made, and in force.", schema, tagged=True),
            200: answer("An earlier try of the same change has made it.", schema, tagged=True),
        },
        WRITE_PROBLEMS,
        CHANGE_HEADERS,
        kind.body_schema,
        operation_id=f"make_{_snake(kind.noun)}",
        scopes=(kind.write_scope,),
    )


def acting(kind: EntityKind, verb: str, more: Schema, body: Schema | None = None) -> Operation:
    """Do something to one."""
    schema = _with(representation_schema(kind), more)
    return Operation(
        f"{verb.capitalize()} a {kind.noun}",
        {200: answer("Done, and in force.", schema, tagged=True)},
        WRITE_PROBLEMS if body is not None else DELETE_PROBLEMS,
        (path_parameter("entity_id", f"Id of the {kind.noun}."), MATCH_HEADERS[0], *CHANGE_HEADERS),
        body,
        operation_id=f"{verb}_{_snake(kind.noun)}",
        scopes=(kind.write_scope,),
    )


def _with(schema: dict[str, Any], more: Schema) -> dict[str, Any]:
    return {
        **schema,
        "required": [*schema["required"], *more],
        "properties": {**schema["properties"], **more},
    }


def page_schema(items: Schema) -> dict[str, Any]:
    """A page of a list."""
    cursor = {"type": ["string", "null"], "description": "For `cursor`, to get the next page; null at the end."}
    return {"type": "object", "required": ["items", "next"], "properties": {"items": items, "next": cursor}}


def page_parameters(filters: Mapping[str, Filter[Any]]) -> tuple[Mapping[str, Any], ...]:
    """What a list may be asked for."""
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    found = [
        query_parameter("limit", "How many at most.", limit),
        query_parameter("cursor", "`next` of the page before.", {"type": "string"}),
    ]
    for name, one in filters.items():
        text: Schema = {"type": "string"}
        schema = {"type": "array", "items": text} if one.is_repeatable else text
        found.append(query_parameter(name, one.description, schema))
    return tuple(found)


def _snake(text: str) -> str:
    return text.replace("-", "_").replace(" ", "_").replace("/", "_")
