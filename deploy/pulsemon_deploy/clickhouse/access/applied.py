"""Settings that came with a statement: set when they differ from the ones before, and taken back when they are gone."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.access.gate import Gate
from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.engine.connection import Connection
from pulsemon_deploy.clickhouse.engine.errors import UNKNOWN_SETTING, EngineError
from pulsemon_deploy.clickhouse.sql.quoting import text

log = logging.getLogger(__name__)

_NAME = re.compile(r"\w+", re.ASCII)

# it names the connection's queries to whoever kills them
OWN_SETTING = "log_comment"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting sent along with a statement. One that is not ``is_important`` may be unknown."""

    value: str
    is_important: bool


class AppliedSettings:
    """The settings of one connection beyond its own."""

    def __init__(self, connection: Connection, gate: Gate, login: Login) -> None:
        self._connection = connection
        self._gate = gate
        self._login = login
        self._applied: dict[str, str] = {}

    def apply(self, wanted: Mapping[str, Setting]) -> None:
        """Makes ``wanted`` the settings of the next statement. EngineError 115 for an important one that is unknown."""
        for name in [name for name in self._applied if name not in wanted]:
            self._connection.query(f"SET {name} = DEFAULT")
            del self._applied[name]
        for name, setting in wanted.items():
            if name != OWN_SETTING and self._applied.get(name) != setting.value:
                self._set(name, setting)

    def _set(self, name: str, setting: Setting) -> None:
        if not _NAME.fullmatch(name):
            raise EngineError(UNKNOWN_SETTING, f"Unknown setting {name!r}. (UNKNOWN_SETTING)")
        self._gate.check_setting(name, self._login)
        try:
            self._connection.query(f"SET {name} = {text(setting.value)}")
        except EngineError as error:
            if error.code != UNKNOWN_SETTING or setting.is_important:
                raise
            log.warning("setting %s is unknown to the engine and was ignored", name)
            return
        self._applied[name] = setting.value
