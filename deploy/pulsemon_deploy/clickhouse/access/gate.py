"""What is refused before it runs: several statements at once, whatever reaches outside, a reader's writing.

The engine's own access control (the roles, ``readonly = 2`` and the constraints of the profiles) refuses most of this
again: no role may read or write files, which the front's own inserts do not need. The gate holds what that control does
not know: functions that read files or run code without being a source, files of output and of input, engines of
databases, KILL of others' queries, and the statement that would take on another role.
"""

import re

from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.access.reach import REFUSED_SETTINGS, Reach, Surroundings, refused_setting
from pulsemon_deploy.clickhouse.engine.connection import Connection, QueryClass, Sql, encoded
from pulsemon_deploy.clickhouse.engine.errors import (
    ACCESS_DENIED,
    NOT_IMPLEMENTED,
    READONLY,
    SETTING_REFUSED,
    SYNTAX_ERROR,
    EngineError,
)
from pulsemon_deploy.clickhouse.sql.quoting import text
from pulsemon_deploy.clickhouse.sql.tokens import Token, tokens

READER_REFUSED_SETTINGS = REFUSED_SETTINGS | {"readonly", "max_memory_usage"}
SESSION_WORDS = ("SET", "USE", "KILL")
WRITER_WORDS = (
    "INSERT", "WITH", "SELECT", "FROM", "CREATE", "REPLACE", "ALTER", "RENAME", "EXCHANGE", "DROP", "TRUNCATE",
    "DETACH", "ATTACH", "OPTIMIZE", "DELETE", "UPDATE", "KILL",
)  # fmt: skip
_NODE = re.compile(r"^ *Function (\S+)", re.MULTILINE)


class Gate:
    """Judges statements of one engine."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._reach = Reach(surroundings)

    def check(self, connection: Connection, sql: Sql, login: Login) -> QueryClass:
        """What the statement would do. EngineError if it may not run; nothing was run then."""
        kind, count = connection.classify(sql)
        if count > 1:
            raise EngineError(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)")
        written = encoded(sql).decode("utf-8", "surrogateescape")
        if kind is QueryClass.UNKNOWN:
            connection.query(f"SELECT formatQuery({text(written)})", "Null")  # tells what is wrong with it
        _check_kind(written, kind, login)
        if (setting := refused_setting(written, _refused_settings(login))) is not None:
            raise _setting_error(setting, login)
        if (refused := self._reach.refusal(written)) is not None:
            raise _denied(refused)
        if self._reach.is_suspicious(written) and not _begins_with(written, SESSION_WORDS):
            self._check_functions(syntax_tree(connection, sql))
        return kind

    def check_setting(self, name: str, login: Login) -> None:
        """EngineError if the login may not change a setting."""
        if name.lower() in _refused_settings(login):
            raise _setting_error(name, login)

    def _check_functions(self, tree: str) -> None:
        for name in _NODE.findall(tree):
            if self._reach.is_refused_function(name):
                raise _denied(f"call {name}")


def syntax_tree(connection: Connection, sql: Sql) -> str:
    """The engine's own parse of a statement, a node a line, without running it. EngineError 62 if it does not parse."""
    explained = b"EXPLAIN AST " + encoded(sql)
    # a statement's INTO OUTFILE can become that of the EXPLAIN, which would write the file
    if connection.classify(explained)[0] is not QueryClass.READ_ONLY:
        raise EngineError(READONLY, "Cannot execute query in readonly mode: its parse is ambiguous. (READONLY)")
    return connection.query(explained, "TSVRaw").bytes().decode("utf-8", "replace")


def _check_kind(sql: str, kind: QueryClass, login: Login) -> None:
    is_for_session = kind is QueryClass.CONTROL and _is_for_this_session(list(tokens(sql)))
    if kind is QueryClass.READ_ONLY or is_for_session:
        return
    if login.is_reader:
        raise EngineError(READONLY, "Cannot execute query in readonly mode: this login may only read. (READONLY)")
    if kind is QueryClass.UNKNOWN or not _begins_with(sql, WRITER_WORDS):
        raise _denied("change the engine itself, or take on another role")


def _is_for_this_session(found: list[Token]) -> bool:
    """True for ``USE database`` and ``SET name = value``: they change the session of their sender alone."""
    if any(token.is_word("OUTFILE") for token in found):
        return False
    is_set = len(found) > 3 and found[0].is_word("SET") and found[1].is_name and found[2].is_symbol("=")
    return is_set or (len(found) > 1 and found[0].is_word("USE"))


def _begins_with(sql: str, words: tuple[str, ...]) -> bool:
    first = next((token for token in tokens(sql) if not token.is_symbol("(")), None)
    return first is not None and first.is_word(*words)


def _refused_settings(login: Login) -> frozenset[str]:
    return READER_REFUSED_SETTINGS if login.is_reader else REFUSED_SETTINGS


def _setting_error(name: str, login: Login) -> EngineError:
    if login.is_reader:
        return EngineError(READONLY, f"Cannot modify '{name}' setting in readonly mode. (READONLY)")
    return EngineError(SETTING_REFUSED, f"Setting {name} should not be changed here. (SETTING_CONSTRAINT_VIOLATION)")


def _denied(what: str) -> EngineError:
    if what == "call input":
        return EngineError(
            NOT_IMPLEMENTED,
            "input() is not supported here: insert into a table of the engine Null, with a view that transforms",
        )
    return EngineError(ACCESS_DENIED, f"Not enough privileges: no login may {what}. (ACCESS_DENIED)")
