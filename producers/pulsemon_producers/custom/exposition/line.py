"""One line of an exposition: a sample, what a comment declares, or nothing."""

import re
from collections.abc import Mapping
from typing import NamedTuple

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\["\\n])*)"[ \t]*(,|(?=\}))')
# As Go reads numbers, without its rarer spellings; Python's own float() would also take 1_000.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[iI][nN][fF](?:inity)?|[nN][aA][nN])")
_ESCAPE = re.compile(r"\\([\\\"n])")
_ESCAPED = {"\\": "\\", '"': '"', "n": "\n"}
# What may follow the value: a time, which is passed over, and an exemplar, which is too.
_REST = re.compile(r"(?:[ \t]+[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)?[ \t]*(?:[ \t]# \{.*\} .*)?")
_TYPE = re.compile(r"#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\S+)[ \t]*")
TYPES = frozenset(
    {"counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"}
)

NO_LABELS: Mapping[str, str] = {}


class Sample(NamedTuple):
    """One value as it was written."""

    name: str
    labels: Mapping[str, str]
    value: float


class Declared(NamedTuple):
    """The type of a family of samples."""

    family: str
    type: str


class LineError(ValueError):
    """What is wrong with a line."""


def parse_line(line: str) -> Sample | Declared | None:
    """What the line says; None for an empty one and for comments without a meaning. Raises LineError."""
    text = line.strip(" \t")
    if not text:
        return None
    if text.startswith("#"):
        return _declared(text)
    name = NAME.match(text)
    if name is None:
        raise LineError("it begins with no name of a metric")
    if (follows := text[name.end() : name.end() + 1]) not in {"", " ", "\t", "{"}:
        raise LineError(f"a name has letters, digits, _ and :, not {follows!r}")
    labels, position = _labels(text, name.end())
    return Sample(name[0], labels, _value(text, position))


def _declared(text: str) -> Declared | None:
    found = _TYPE.fullmatch(text)
    if found is None:
        if text.split()[:2] == ["#", "TYPE"]:
            raise LineError("TYPE needs a name and a type")
        return None
    family, kind = found.groups()
    if kind not in TYPES:
        raise LineError(f"there is no type {kind}")
    if NAME.fullmatch(family) is None:
        raise LineError(f"{family!r} is no name of a metric")
    return Declared(family, kind)


def _labels(text: str, position: int) -> tuple[Mapping[str, str], int]:
    """The labels, and where they end."""
    if not text.startswith("{", position):
        return NO_LABELS, position
    labels: dict[str, str] = {}
    position += 1
    while (found := _LABEL.match(text, position)) is not None:
        key, value = found.group(1, 2)
        if key in labels:
            raise LineError(f"the label {key} comes twice")
        labels[key] = _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], value) if "\\" in value else value
        position = found.end()
    end = text[position:].lstrip(" \t")
    if not end.startswith("}"):
        raise LineError("its labels cannot be read")
    return labels, len(text) - len(end) + 1


def _value(text: str, position: int) -> float:
    """The value; what follows it must be a time or an exemplar."""
    start = len(text) - len(text[position:].lstrip(" \t"))
    number = _NUMBER.match(text, start)
    if number is None or (start == position and not text.startswith("}", position - 1)):
        raise LineError("it has no value")
    if _REST.fullmatch(text, number.end()) is None:
        raise LineError(f"{text[number.end() :].strip()!r} after the value is neither a time nor an exemplar")
    return float(number[0])
