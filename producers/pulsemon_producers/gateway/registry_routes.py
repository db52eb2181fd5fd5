"""The read side of a schema registry over HTTP. Schemas are no secret: no key is asked for."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway import subjects
from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.openapi import LOOKUP_BODY, registry_responses
from pulsemon_producers.gateway.request_body import BodyRoom

COMPATIBILITY = {"compatibilityLevel": "FULL_TRANSITIVE"}


async def types() -> Response:
    """Kinds of schemas."""
    return _answer(lambda: ["AVRO"])


async def schema(schema_id: str) -> Response:
    """The schema of an id."""
    return _answer(lambda: subjects.by_id(schema_id))


async def schema_versions(schema_id: str) -> Response:
    """Subjects and versions of an id."""
    return _answer(lambda: subjects.places(schema_id))


async def schema_subjects(schema_id: str) -> Response:
    """Subjects of an id."""
    return _answer(lambda: [one["subject"] for one in subjects.places(schema_id)])


async def all_subjects() -> Response:
    """All subjects."""
    return _answer(subjects.subjects)


async def subject_versions(subject: str) -> Response:
    """Versions of a subject."""
    return _answer(lambda: subjects.versions(subject))


async def subject_version(subject: str, version: str) -> Response:
    """One version of a subject, or the latest."""
    return _answer(lambda: subjects.version(subject, version))


async def config() -> Response:
    """How schemas may change."""
    return _answer(lambda: COMPATIBILITY)


async def mode() -> Response:
    """Schemas are made in the repository alone."""
    return _answer(lambda: {"mode": "READONLY"})


ROUTES: Mapping[str, Callable[..., Any]] = {
    "/schemas/types": types,
    "/schemas/ids/{schema_id}": schema,
    "/schemas/ids/{schema_id}/versions": schema_versions,
    "/schemas/ids/{schema_id}/subjects": schema_subjects,
    "/subjects": all_subjects,
    "/subjects/{subject}/versions": subject_versions,
    "/subjects/{subject}/versions/{version}": subject_version,
    "/config": config,
    "/mode": mode,
}


def registry_router(room: BodyRoom) -> APIRouter:
    """The routes that clients read schemas by."""
    router = APIRouter(tags=["schema registry"])
    for path, ask in ROUTES.items():
        router.add_api_route(path, ask, methods=["GET"], response_class=Response, responses=registry_responses())

    @router.post(
        "/subjects/{subject}", response_class=Response, openapi_extra=LOOKUP_BODY, responses=registry_responses()
    )
    async def lookup(subject: str, request: Request) -> Response:
        """Which version of a subject a schema is."""
        async with room.read(request) as body:
            asked = _schema_in(body)
        return _answer(lambda: subjects.lookup(subject, asked))

    return router


def _answer(ask: Callable[[], Any]) -> Response:
    try:
        return json_answer(ask(), media_type=subjects.MEDIA_TYPE)
    except subjects.NotThere as error:
        item = {"error_code": error.code, "message": error.message}
        return json_answer(item, error.status, media_type=subjects.MEDIA_TYPE)


def _schema_in(body: bytes) -> object:
    try:
        item = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return item.get("schema") if isinstance(item, dict) else None
