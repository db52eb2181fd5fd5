"""Samples as JSON: ``{"batch_id": …, "recorded_at": …, "samples": [{"name", "labels", "value", "recorded_at"}, …]}``.

Of these only ``samples``, and in it name and value, must be there. Times are milliseconds since 1970, UTC.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pulsemon_producers.gateway.point import BadPoint, Point, checked_labels, checked_name, checked_time
from pulsemon_producers.gateway.problems import MALFORMED, Problem, Rejected

MAX_BATCH_ID_CHARACTERS = 128
KNOWN = frozenset({"batch_id", "recorded_at", "samples"})
KNOWN_OF_SAMPLE = frozenset({"name", "labels", "value", "recorded_at"})


@dataclass(frozen=True, slots=True)
class JsonBody:
    """What a body holds; ``batch_id`` is "" if the sender gave none."""

    batch_id: str
    points: list[Point]
    rejected: list[Rejected]


def read(body: bytes, now_ms: int) -> JsonBody:
    """The samples of a body, those that cannot be taken apart. Raises Problem if it is no such body at all."""
    item = _parse(body)
    samples = item.get("samples")
    if not isinstance(samples, list):
        raise Problem(MALFORMED, "`samples` must be an array of objects; nothing was written.")
    if strange := sorted(item.keys() - KNOWN):
        raise Problem(MALFORMED, f"{strange[0][:40]!r} is not known here: write {', '.join(sorted(KNOWN))}.")
    batch_id = checked_batch_id(item.get("batch_id", ""))
    points: list[Point] = []
    rejected: list[Rejected] = []
    default_ms = item.get("recorded_at", now_ms)
    for index, sample in enumerate(samples):
        try:
            points.append(_point(sample, index, default_ms, now_ms))
        except BadPoint as bad:
            rejected.append(Rejected(index, f"/samples/{index}{bad.pointer}", bad.code, bad.detail))
    return JsonBody(batch_id, points, rejected)


def checked_batch_id(batch_id: Any) -> str:
    """The id itself, "" for none. Raises Problem."""
    is_text = isinstance(batch_id, str) and len(batch_id) <= MAX_BATCH_ID_CHARACTERS
    if not is_text or (batch_id and not batch_id.isprintable()):
        raise Problem(MALFORMED, f"A batch id is a text of at most {MAX_BATCH_ID_CHARACTERS} printable characters.")
    return str(batch_id)


def _point(sample: Any, index: int, default_ms: Any, now_ms: int) -> Point:
    if not isinstance(sample, dict):
        raise BadPoint("not_an_object", "a sample is an object with name and value")
    if strange := sorted(sample.keys() - KNOWN_OF_SAMPLE):
        raise BadPoint("unknown_member", f"{strange[0][:40]!r} is not known here", "")
    name = sample.get("name")
    if not isinstance(name, str):
        raise BadPoint("bad_name", "the name must be a text", "/name")
    time_ms = sample.get("recorded_at", default_ms)
    if type(time_ms) is not int:
        raise BadPoint("bad_time", "the time must be whole milliseconds since 1970", "/recorded_at")
    return Point(
        checked_time(time_ms, now_ms),
        checked_name(name),
        checked_labels(_labels(sample.get("labels", {}))),
        _value(sample.get("value")),
        index,
    )


def _labels(labels: Any) -> Mapping[str, str]:
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise BadPoint("bad_labels", "labels must be an object of texts", "/labels")
    return labels


def _value(value: Any) -> float:
    """True and false are 1 and 0."""
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        raise BadPoint("not_a_number", "the value must be a finite number", "/value")
    return number


def _parse(body: bytes) -> dict[str, Any]:
    try:
        item = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(MALFORMED, f"That is no JSON: {str(error)[:120]}; nothing was written.") from error
    if not isinstance(item, dict):
        raise Problem(MALFORMED, "The body must be an object with `samples`; nothing was written.")
    return item


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
