"""Influx line protocol, read: ``measurement,tag=value field=1,other="text" 1700000000000000000``. Pure.

A backslash stands before a comma, a space or an equals sign that belongs to a name or a value; before anything else it
is only itself. Lines end with a newline, which may stand inside a quoted text. Nothing here backtracks: each pattern
takes what it can and gives nothing back.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_NAME = r"(?:[^\\, \r\n]|\\[^\r\n]?+)++"
_WORD = r"(?:[^\\,= \r\n]|\\[^\r\n]?+)++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_BARE = r'[^,\s"]++'

_SKIPPED = re.compile(r"[ \t\r]*+(?:#[^\n]*+)?\n?")
_HEAD = re.compile(rf"{_NAME}(?:,{_WORD}={_WORD})*+")
_TAG = re.compile(rf",({_WORD})=({_WORD})")
_MEASUREMENT = re.compile(_NAME)
_FIELD = re.compile(rf"({_WORD})=(?:({_QUOTED})|({_BARE}))", re.DOTALL)
_END = re.compile(r"(?: ++(-?\d++))?+[ \r]*+(?:\n|\Z)")
_SPACE = re.compile(r" ++")

_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"([+-]?\d+)i")
_UNSIGNED = re.compile(r"(\d+)u")
_BOOLEANS: Mapping[str, float] = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), 1.0),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), 0.0),
}
_ESCAPED_NAME = re.compile(r"\\([, ])")
_ESCAPED_WORD = re.compile(r"\\([,= ])")
MAX_DIGITS = 40


class Line(NamedTuple):
    """One line, counted from 1. ``fields`` are numbers and booleans; ``texts`` is how many had a text, which is none.

    ``timestamp`` is in the unit of the request, None if the line has none. Of a tag or field that comes twice the last
    one counts.
    """

    number: int
    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, float]
    texts: int
    timestamp: int | None


class BadLine(NamedTuple):
    """A line that cannot be read, and why."""

    number: int
    why: str


class _Wrong(Exception):  # noqa: N818 - becomes a BadLine
    """Why a line cannot be read."""


def parse(text: str) -> Iterator[Line | BadLine]:
    """The lines of a body in their order, without those that are empty or comments."""
    at, number = 0, 1
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped is not None and skipped[0] and (skipped[0].endswith("\n") or skipped.end() == len(text)):
            at = skipped.end()
            number += 1
            continue
        try:
            line, end = _line(text, at, number)
        except _Wrong as wrong:
            yield BadLine(number, str(wrong))
            newline = text.find("\n", at)
            end = len(text) if newline < 0 else newline + 1
        else:
            yield line
        number += text.count("\n", at, end)
        at = end


def _line(text: str, start: int, number: int) -> tuple[Line, int]:
    begun = _SPACE.match(text, start)
    start = begun.end() if begun is not None else start
    head = _HEAD.match(text, start)
    if head is None:
        raise _Wrong("there is no measurement")
    space = _SPACE.match(text, head.end())
    if space is None:
        raise _Wrong("tags are wrong: write ,name=value, then a space, then fields")
    fields, texts, at = _fields(text, space.end())
    end = _END.match(text, at)
    if end is None:
        raise _Wrong("after the fields only a timestamp may follow: a whole number")
    if end[1] and len(end[1]) > MAX_DIGITS:
        raise _Wrong("the timestamp is too long")
    measurement, tags = _head(head[0])
    return Line(number, measurement, tags, fields, texts, int(end[1]) if end[1] else None), end.end()


def _head(raw: str) -> tuple[str, dict[str, str]]:
    name = _MEASUREMENT.match(raw)
    assert name is not None
    tags = {
        _ESCAPED_WORD.sub(r"\1", one[1]): _ESCAPED_WORD.sub(r"\1", one[2]) for one in _TAG.finditer(raw, name.end())
    }
    return _ESCAPED_NAME.sub(r"\1", name[0]), tags


def _fields(text: str, at: int) -> tuple[dict[str, float], int, int]:
    fields: dict[str, float] = {}
    texts = 0
    while True:
        field = _FIELD.match(text, at)
        if field is None:
            raise _Wrong('a field is wrong: write name=1.5, name=2i, name=true or name="text"')
        name, quoted, bare = field.groups()
        if quoted is not None:
            texts += 1
        else:
            fields[_ESCAPED_WORD.sub(r"\1", name)] = _number(bare)
        at = field.end()
        if at >= len(text) or text[at] != ",":
            return fields, texts, at
        at += 1


def _number(raw: str) -> float:
    """The value of a field; integers beyond 2^53 lose what a double cannot hold."""
    if len(raw) <= MAX_DIGITS and _FLOAT.fullmatch(raw):
        value = float(raw)
        if abs(value) != float("inf"):
            return value
    elif raw in _BOOLEANS:
        return _BOOLEANS[raw]
    elif len(raw) <= MAX_DIGITS and (match := _INTEGER.fullmatch(raw)):
        if -(2**63) <= int(match[1]) < 2**63:
            return float(int(match[1]))
    elif len(raw) <= MAX_DIGITS and (match := _UNSIGNED.fullmatch(raw)) and int(match[1]) < 2**64:
        return float(int(match[1]))
    raise _Wrong(f"{raw[:MAX_DIGITS]!r} is no number, integer, boolean or quoted text")
