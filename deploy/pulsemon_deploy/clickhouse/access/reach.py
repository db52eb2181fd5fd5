"""What a statement may not name: whatever reaches outside the tables, into files, networks, processes and this program.

Judged by tokens, so that it holds for parts of a statement that the engine parses later, as the values of an INSERT.
The lists are of what is allowed, wherever the engine can tell what there is.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.sql.tokens import Kind, Token, tokens

ALLOWED_TABLE_FUNCTIONS = frozenset(
    {
        "numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "generateseries", "generate_series", "generaterandom",
        "values", "sqlstandardvalues", "null", "view", "merge", "format",
    }
)  # fmt: skip
REFUSED_FUNCTIONS = frozenset({"file", "catboostevaluate", "getmacro", "reversednsquery", "disk"})
ALLOWED_ENGINES = frozenset(
    {
        "mergetree", "replacingmergetree", "summingmergetree", "aggregatingmergetree", "collapsingmergetree",
        "versionedcollapsingmergetree", "coalescingmergetree", "graphitemergetree",
        "memory", "buffer", "null", "view", "materializedview", "atomic",
    }
)  # fmt: skip
# They name files that are read or written, or servers; or they undo the limits of a login.
REFUSED_SETTINGS = frozenset(
    {
        "format_schema", "format_schema_source", "format_template_row", "format_template_resultset",
        "output_format_schema", "input_format_record_errors_file_path", "format_avro_schema_registry_url", "url_base",
        "rename_files_after_processing", "profile", "dialect", "log_comment", "implicit_table_at_top_level",
    }
)  # fmt: skip
_AI_FUNCTION = re.compile(r"(?:ai|AI)[A-Z]")  # they send data to services outside


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine has, in lower case: all its table functions, and its engines of tables and of databases."""

    table_functions: frozenset[str]
    engines: frozenset[str]


class Reach:
    """Finds what of one engine's surroundings a statement names."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._functions = (surroundings.table_functions - ALLOWED_TABLE_FUNCTIONS) | REFUSED_FUNCTIONS
        self._engines = surroundings.engines - ALLOWED_ENGINES
        names = "|".join(sorted(self._functions | REFUSED_SETTINGS))
        # a name can also be written with escapes, hence the backslash
        self._suspicious = re.compile(rf"(?i)\b(?:{names}|engine|outfile|infile|attach)\b|\bai[a-z]|\\")

    def is_suspicious(self, sql: str) -> bool:
        """False if nothing refused can be in the text; true says nothing."""
        return self._suspicious.search(sql) is not None

    def is_refused_function(self, name: str) -> bool:
        """True for a function, by its name as written."""
        return name.lower() in self._functions or _AI_FUNCTION.match(name) is not None

    def refusal(self, sql: str) -> str | None:
        """What the statement may not do, in words, or None."""
        if not self.is_suspicious(sql):
            return None
        found = list(tokens(sql))
        for rule in (self._call, _file, self._engine):
            if (refused := rule(found)) is not None:
                return refused
        return None

    def _call(self, found: list[Token]) -> str | None:
        for name, opening in itertools.pairwise(found):
            if not name.is_name or not opening.is_symbol("("):
                continue
            if _is_escaped(name):
                return f"call {name.text}, a name that is written with escapes"
            if self.is_refused_function(name.name):
                return f"call {name.name}"
        return None

    def _engine(self, found: list[Token]) -> str | None:
        if not found or not found[0].is_word("CREATE", "ATTACH", "REPLACE"):
            return None
        for name, is_certain in _engine_names(found):
            known = name.name.lower()
            # without a sign of equality it can as well be a column of this name
            if _is_escaped(name) or (known not in ALLOWED_ENGINES if is_certain else known in self._engines):
                return f"use the engine {name.text}"
        return None


def refused_setting(sql: str, names: frozenset[str]) -> str | None:
    """The first setting that the statement changes and that is one of ``names``, or is written with escapes."""
    found = list(tokens(sql))
    for before, name, after in zip(found, found[1:], found[2:], strict=False):
        begins = before.is_word("SET", "SETTINGS") or before.is_symbol(",")
        if begins and name.is_name and after.is_symbol("=") and (name.name.lower() in names or _is_escaped(name)):
            return name.name
    return None


def _file(found: list[Token]) -> str | None:
    pairs: list[tuple[str, Callable[[Token], bool]]] = [
        ("INTO", lambda token: token.is_word("OUTFILE")),
        ("FROM", lambda token: token.is_word("INFILE")),
    ]
    if found and found[0].is_word("ATTACH"):
        pairs.append(("FROM", lambda token: token.kind is Kind.STRING))
    for word, after in itertools.pairwise(found):
        if any(word.is_word(begin) and follows(after) for begin, follows in pairs):
            return f"read or write files ({word.text} {after.text})"
    return None


def _engine_names(found: list[Token]) -> Iterator[tuple[Token, bool]]:
    """The name behind each word ENGINE, and whether it is certain that the word means an engine."""
    for place, token in enumerate(found[:-1]):
        if not token.is_word("ENGINE"):
            continue
        is_certain = found[place + 1].is_symbol("=")
        name = found[place + 1 + is_certain : place + 2 + is_certain]
        if name and name[0].is_name:
            yield name[0], is_certain


def _is_escaped(name: Token) -> bool:
    return name.kind is Kind.QUOTED and "\\" in name.text
