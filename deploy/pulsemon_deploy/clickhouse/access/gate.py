"""What is refused before it runs: several statements at once; for the reader, all that is not reading tables.

The engine's own access control (the reader's role, ``readonly = 2`` and the constraints of its profile) refuses most of
this again. The gate holds what that control does not know: functions that read files or run code without being a
source, KILL of others' queries, output files, and the statement that would take on another role.
"""

import re

from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.engine.connection import Connection, QueryClass, Sql, encoded
from pulsemon_deploy.clickhouse.engine.errors import ACCESS_DENIED, NOT_IMPLEMENTED, READONLY, SYNTAX_ERROR, EngineError
from pulsemon_deploy.clickhouse.sql.quoting import text
from pulsemon_deploy.clickhouse.sql.tokens import Token, tokens

# All other table functions reach outside the tables: files, networks, processes, this program's objects.
ALLOWED_TABLE_FUNCTIONS = frozenset(
    {
        "numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "generateseries", "generate_series", "generaterandom",
        "values", "sqlstandardvalues", "null", "view", "merge", "format",
    }
)  # fmt: skip
REFUSED_FUNCTIONS = frozenset({"file", "catboostevaluate", "getmacro"})
REFUSED_SETTINGS = frozenset(
    {"readonly", "profile", "dialect", "log_comment", "max_memory_usage", "implicit_table_at_top_level"}
)
_NODE = re.compile(r"^ *Function (\S+)", re.MULTILINE)
_INPUT = re.compile(rb"\binput\b", re.IGNORECASE)
_AI_FUNCTION = re.compile(r"(?:ai|AI)[A-Z]")  # they send data to services outside


class Gate:
    """Judges statements of one engine. ``table_functions``: the names of all the engine has, in lower case."""

    def __init__(self, table_functions: frozenset[str]) -> None:
        self._refused = (table_functions - ALLOWED_TABLE_FUNCTIONS) | REFUSED_FUNCTIONS
        # a name can also be written with escapes, hence the backslash
        self._suspicious = re.compile(rf"(?i)\b(?:{'|'.join(sorted(self._refused))})\b|\bai[a-z]|\\")

    def check(self, connection: Connection, sql: Sql, login: Login) -> QueryClass:
        """What the statement would do. EngineError if it may not run; nothing was run then."""
        kind, count = connection.classify(sql)
        if count > 1:
            raise EngineError(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)")
        if login.is_reader:
            self._check_reader(connection, encoded(sql).decode("utf-8", "surrogateescape"), kind)
        elif kind is QueryClass.MUTATING and _INPUT.search(encoded(sql)):
            _check_input(connection, sql)
        return kind

    def check_setting(self, name: str, login: Login) -> None:
        """EngineError if the login may not change a setting."""
        if login.is_reader and name.lower() in REFUSED_SETTINGS:
            raise EngineError(READONLY, f"Cannot modify '{name}' setting in readonly mode. (READONLY)")

    def _check_reader(self, connection: Connection, sql: str, kind: QueryClass) -> None:
        if kind is QueryClass.UNKNOWN:
            connection.query(f"SELECT formatQuery({text(sql)})", "Null")  # tells what is wrong with it
        found = list(tokens(sql))
        if kind is not QueryClass.READ_ONLY and not (kind is QueryClass.CONTROL and _is_for_this_session(found)):
            raise EngineError(READONLY, "Cannot execute query in readonly mode: this login may only read. (READONLY)")
        self._check_settings(found)
        if kind is QueryClass.READ_ONLY and self._suspicious.search(sql):
            self._check_functions(syntax_tree(connection, sql))

    def _check_functions(self, tree: str) -> None:
        for name in _NODE.findall(tree):
            if name.lower() in self._refused or _AI_FUNCTION.match(name):
                raise EngineError(
                    ACCESS_DENIED,
                    f"Not enough privileges: this login may only read and not call {name}. (ACCESS_DENIED)",
                )

    def _check_settings(self, found: list[Token]) -> None:
        for before, name, after in zip(found, found[1:], found[2:], strict=False):
            if (
                after.is_symbol("=")
                and name.is_name
                and _begins_setting(before)
                and name.name.lower() in REFUSED_SETTINGS
            ):
                raise EngineError(READONLY, f"Cannot modify '{name.name}' setting in readonly mode. (READONLY)")


def syntax_tree(connection: Connection, sql: Sql) -> str:
    """The engine's own parse of a statement, a node a line, without running it. EngineError 62 if it does not parse."""
    explained = b"EXPLAIN AST " + encoded(sql)
    # a statement's INTO OUTFILE can become that of the EXPLAIN, which would write the file
    if connection.classify(explained)[0] is not QueryClass.READ_ONLY:
        raise EngineError(READONLY, "Cannot execute query in readonly mode: its parse is ambiguous. (READONLY)")
    return connection.query(explained, "TSVRaw").bytes().decode("utf-8", "replace")


def _check_input(connection: Connection, sql: Sql) -> None:
    if any(name.lower() == "input" for name in _NODE.findall(syntax_tree(connection, sql))):
        raise EngineError(
            NOT_IMPLEMENTED,
            "input() is supported over HTTP only, with the data as the body and FORMAT in the statement",
        )


def _is_for_this_session(found: list[Token]) -> bool:
    """True for ``USE database`` and ``SET name = value``: they change the session of their sender alone."""
    if any(token.is_word("OUTFILE") for token in found):
        return False
    is_set = len(found) > 3 and found[0].is_word("SET") and found[1].is_name and found[2].is_symbol("=")
    return is_set or (len(found) > 1 and found[0].is_word("USE"))


def _begins_setting(token: Token) -> bool:
    return token.is_word("SET", "SETTINGS") or token.is_symbol(",")
