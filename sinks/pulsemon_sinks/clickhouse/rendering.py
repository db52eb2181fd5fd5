"""From the SQL of the repository to the SQL of one installation."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pulsemon_schemas.catalogue import METRICS

from pulsemon_sinks.clickhouse.topology import SINGLE, Topology

_PLACEHOLDER = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")


def placeholders(database: str, headline: Sequence[str], topology: Topology = SINGLE) -> dict[str, str]:
    """The values of the placeholders. ValueError for a database name that is not a plain word."""
    if not re.fullmatch(r"[A-Za-z_]\w*", database):
        raise ValueError(f"{database!r} cannot be a database name: letters, digits and _ only; choose another one")
    return {
        "database": database,
        "headline": _quoted(headline),
        "metric_names": _quoted(one.name for one in METRICS),
        "metric_groups": _quoted(one.group for one in METRICS),
        **topology.placeholders(),
    }


def render(source: str, values: Mapping[str, str]) -> str:
    """The source with ``${name}`` and ``${name:Engine(arguments)}`` filled in.

    KeyError for a placeholder that nobody defined.
    """

    def fill(found: re.Match[str]) -> str:
        value = values[found[1]]
        return value if found[2] is None else _with_arguments(value, found[2])

    return _PLACEHOLDER.sub(fill, source)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _with_arguments(template: str, call: str) -> str:
    engine, _, arguments = call.removesuffix(")").partition("(")
    return template.replace("{engine}", engine).replace("{arguments}", arguments).replace(", )", ")")


def statements(text: str) -> list[str]:
    """The statements of a file. Each ends with a semicolon at the end of a line; whole-line comments are left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    parts = re.split(r";[ \t]*$", "\n".join(lines), flags=re.MULTILINE)
    return [part.strip() for part in parts if part.strip()]
