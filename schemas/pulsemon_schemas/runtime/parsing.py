"""Values of settings: from the text of a variable, or from what a TOML file holds, to the type of the field."""

import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulsemon_schemas.runtime.secret import Secret

BOOLEANS: Mapping[str, bool] = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def from_text(kind: Any, text: str) -> Any:
    """The value that ``text`` stands for. Raises ValueError with what to write instead."""
    kind = without_none(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return tuple(from_text(arguments[0], part.strip()) for part in text.split(",") if part.strip())
    if origin is typing.Literal:
        return _chosen(arguments, {str(choice): choice for choice in arguments}.get(text))
    return _PARSERS[kind](text)


def from_toml(kind: Any, value: object) -> Any:
    """The value of a TOML item, whose type must already be right. Raises ValueError with what to write instead."""
    kind = without_none(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError("write a list")
        return tuple(from_toml(arguments[0], item) for item in value)
    if origin is typing.Literal:
        return _chosen(arguments, value)
    wanted, convert = _TOML_TYPES[kind]
    # bool is an int in Python, but `port = true` is a mistake
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"write {_KIND_NAMES[kind]}")
    return convert(value)


def without_none(kind: Any) -> Any:
    """``X`` of ``X | None``; other types as they are."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return next(argument for argument in typing.get_args(kind) if argument is not type(None))
    return kind


def _chosen(choices: tuple[Any, ...], value: object) -> Any:
    if value not in choices:
        raise ValueError(f"use one of {', '.join(map(str, choices))}")
    return value


def _bool(text: str) -> bool:
    try:
        return BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("use true or false") from None


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("use a whole number") from None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("use a number") from None


_PARSERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: _int,
    float: _float,
    bool: _bool,
    Path: Path,
    Secret: Secret,
}
_TOML_TYPES: Mapping[Any, tuple[type | tuple[type, ...], Callable[[Any], Any]]] = {
    str: (str, str),
    int: (int, int),
    float: ((int, float), float),
    bool: (bool, bool),
    Path: (str, Path),
    Secret: (str, Secret),
}
_KIND_NAMES: Mapping[Any, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path in quotes",
    Secret: "a text in quotes",
}
