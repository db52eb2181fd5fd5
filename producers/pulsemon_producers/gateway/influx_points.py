"""Lines of Influx line protocol as samples: one for each number, named ``measurement.field``, tags as labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulsemon_producers.gateway.line_protocol import BadLine, Line, parse
from pulsemon_producers.gateway.point import BadPoint, Point, checked_labels, checked_name, checked_time
from pulsemon_producers.gateway.problems import INVALID_REQUEST, MALFORMED, Problem, Rejected

NS_PER_UNIT: Mapping[str, int] = {
    "": 1,
    "n": 1,
    "ns": 1,
    "u": 1_000,
    "us": 1_000,
    "µ": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
NS_PER_MS = 1_000_000
HOST_TAG = "host"


@dataclass(slots=True)
class InfluxBody:
    """What a body holds; ``lines`` counts those with anything in them, ``texts`` the fields that are no numbers."""

    points: list[Point] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    lines: int = 0
    texts: int = 0


def unit_ns(precision: str) -> int:
    """Nanoseconds of one step of a timestamp. Raises Problem for a precision that nobody knows."""
    if precision not in NS_PER_UNIT:
        raise Problem(INVALID_REQUEST, f"precision {precision[:20]!r} is not known: use ns, us, ms, s, m or h.")
    return NS_PER_UNIT[precision]


def read(body: bytes, step_ns: int, server_id: str, now_ms: int) -> InfluxBody:
    """The samples of a body. A tag ``host`` that names the server itself is no label. Raises Problem if not UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Problem(MALFORMED, f"The body is not UTF-8 ({error}); nothing was written.") from error
    found = InfluxBody()
    for line in parse(text):
        found.lines += 1
        if isinstance(line, BadLine):
            found.rejected.append(_rejected(line.number, "bad_line", line.why))
            continue
        try:
            found.points += _points(line, step_ns, server_id, now_ms)
            found.texts += line.texts
        except BadPoint as bad:
            found.rejected.append(_rejected(line.number, bad.code, bad.detail))
    return found


def _points(line: Line, step_ns: int, server_id: str, now_ms: int) -> list[Point]:
    time_ms = now_ms if line.timestamp is None else line.timestamp * step_ns // NS_PER_MS
    checked_time(time_ms, now_ms)
    labels = checked_labels(
        {name: value for name, value in line.tags.items() if not (name == HOST_TAG and value == server_id)}
    )
    return [
        Point(time_ms, checked_name(f"{line.measurement}.{name}"), labels, value, line.number)
        for name, value in line.fields.items()
    ]


def _rejected(number: int, code: str, why: str) -> Rejected:
    """Lines have no JSON pointer: theirs is the number of the line."""
    return Rejected(number - 1, f"/{number - 1}", code, f"line {number}: {why}")
