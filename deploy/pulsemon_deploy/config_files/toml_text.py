"""An object as TOML, which Python itself can only read."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(body: Mapping[str, Any]) -> str:
    """The text that ``tomllib`` reads as the same object. Fields that are null are left out: TOML has none."""
    return "\n".join(_table(body, ())).strip("\n") + "\n"


def _table(body: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Plain fields first: behind the heading of a table everything belongs to it."""
    plain = {name: value for name, value in body.items() if value is not None and not isinstance(value, Mapping)}
    nested = {name: value for name, value in body.items() if isinstance(value, Mapping)}
    lines = [f"{_key(name)} = {_value(value)}" for name, value in plain.items()]
    if path and (lines or not nested):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for name, value in nested.items():
        lines += _table(value, (*path, name))
    return lines


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if isinstance(value, Mapping):
        pairs = (f"{_key(name)} = {_value(one)}" for name, one in value.items() if one is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return _quoted(str(value))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """JSON's escapes are TOML's, but for the one character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
