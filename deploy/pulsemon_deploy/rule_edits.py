"""What people say about a rule on the command line or in a file, as the body of the rule."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsemon_schemas.rules import LEVELS, RuleError

PER_LEVEL = ("limit", "recovery", "for_seconds", "keep_firing_seconds")


@dataclass(frozen=True, slots=True)
class Edits:
    """Fields to set, as text where a level or a key is named: ``critical=0.95``, ``cpu.mode=iowait``.

    ``fields`` are plain ones of the body, without those that were not said.
    """

    fields: Mapping[str, object]
    window: str = ""
    scope: str = ""
    scope_labels: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] | None = None
    without_levels: tuple[str, ...] = ()

    @property
    def are_none(self) -> bool:
        """Whether nothing was said."""
        return not (self.fields or self.window or self.scope or self.match or self.without_levels) and not any(
            (self.levels or {}).values()
        )


def read_body(path: Path) -> dict[str, Any]:
    """The body in a TOML or JSON file. RuleError if it cannot be read, or holds no object."""
    try:
        text = path.read_text(encoding="utf-8")
        body = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise RuleError(f"file {path}", [f"cannot be read: {error.strerror}"]) from error
    except (ValueError, RecursionError) as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise RuleError(f"file {path}", [f"is not {kind}: {error}"]) from error
    if not isinstance(body, dict):
        raise RuleError(f"file {path}", ["holds no object, as a rule is"])
    return body


def edited(body: Mapping[str, Any], edits: Edits) -> dict[str, Any]:
    """The body with the edits made; what it says is not judged here. RuleError for what cannot be understood."""
    problems: list[str] = []
    made: dict[str, Any] = {**body, **edits.fields}
    if edits.window:
        made["window"] = _window(edits.window, problems)
    if edits.scope:
        made["scope"] = _scope(edits.scope, edits.scope_labels, problems)
    elif edits.scope_labels:
        problems.append("--scope-label needs --scope: say whose labels are meant")
    if edits.match:
        made["match"] = _pairs("--match", edits.match, problems)
    levels = _levels(made.get("levels"), edits, problems)
    if levels or "levels" in made:
        made["levels"] = levels
    if problems:
        raise RuleError("what was said", problems)
    return made


def _window(text: str, problems: list[str]) -> dict[str, Any]:
    function, colon, seconds = text.partition(":")
    if not colon:
        return {"function": function}
    return {"function": function, "seconds": _number("--window", seconds, problems)}


def _scope(text: str, labels: Iterable[str], problems: list[str]) -> dict[str, Any]:
    kind, equals, value = text.partition("=")
    scope: dict[str, Any] = {"kind": kind, "value": value} if equals else {"kind": kind}
    if labels := tuple(labels):
        scope["labels"] = _pairs("--scope-label", labels, problems)
    return scope


def _levels(body: Any, edits: Edits, problems: list[str]) -> dict[str, Any]:
    levels = {name: dict(one) if isinstance(one, Mapping) else one for name, one in _mapping(body).items()}
    for field, texts in (edits.levels or {}).items():
        for name, value in _pairs(f"--{field.removesuffix('_seconds').replace('_', '-')}", texts, problems).items():
            if name not in LEVELS:
                problems.append(f"{name!r} is no level: use {', '.join(LEVELS)}")
            elif isinstance(level := levels.setdefault(name, {}), dict):
                level[field] = _number(f"{field} of {name}", value, problems)
    for name in edits.without_levels:
        levels.pop(name, None)
    return levels


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _pairs(option: str, texts: Iterable[str], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals and name:
            found[name] = value
        else:
            problems.append(f"{option} {text!r}: write NAME=VALUE")
    return found


def _number(what: str, text: str, problems: list[str]) -> float:
    try:
        return float(text)
    except ValueError:
        problems.append(f"{what}: {text!r} is no number")
        return 0.0
