"""The open engine: gives out connections that can do what a login may do, and ends running queries."""

import logging
import threading

from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.access.reach import Surroundings
from pulsemon_deploy.clickhouse.engine import folder
from pulsemon_deploy.clickhouse.engine.configuration import (
    READER_PROFILE,
    READER_ROLE,
    WRITER_PROFILE,
    WRITER_ROLE,
    Layout,
    write_configuration,
)
from pulsemon_deploy.clickhouse.engine.connection import Connection
from pulsemon_deploy.clickhouse.engine.errors import EngineError, FolderError
from pulsemon_deploy.clickhouse.settings import EngineSettings
from pulsemon_deploy.clickhouse.sql.quoting import text

log = logging.getLogger(__name__)

# The engine's defaults for embedded use differ from a server's: 'foo bar' would parse as a SELECT. Times without a zone
# are UTC wherever this machine stands.
TIMEZONE = "UTC"
_SERVER_LIKE = f"implicit_select = 0, allow_introspection_functions = 0, session_timezone = '{TIMEZONE}'"


class Database:
    """One folder of data, open in this process. FolderError if it cannot be opened."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._layout = _written(settings)
        self._admin = Connection(folder.open_folder(self._layout))
        self._admin_lock = threading.Lock()
        ((version,),) = self._admin.rows("SELECT version()")
        self.version = (*(int(part) for part in version.split(".")[:3]),)
        self.surroundings = Surroundings(
            table_functions=self._names("table_functions"),
            engines=self._names("table_engines") | self._names("database_engines"),
        )

    def connect(self, login: Login, token: str) -> Connection:
        """A connection with the rights of the login; ``token`` names its queries to ``kill``."""
        connection = Connection(folder.connect(self._layout))
        if login.is_reader:
            limit = f"readonly = 2, max_memory_usage = {self._settings.reader_memory_bytes}"
            connection.query(f"SET {_SERVER_LIKE}, log_comment = {text(token)}, {limit}")
            connection.query(
                f"SET profile = {text(READER_PROFILE)}"
            )  # nothing of the line above can be changed from here on
            connection.query(f"SET ROLE {READER_ROLE}")
        else:
            connection.query(f"SET {_SERVER_LIKE}, log_comment = {text(token)}")
            connection.query(f"SET profile = {text(WRITER_PROFILE)}")
            connection.query(f"SET ROLE {WRITER_ROLE}")
        return connection

    def kill(self, token: str) -> None:
        """Asks the running query of a connection to end; it answers with code 394 some milliseconds later."""
        with self._admin_lock:
            try:
                self._admin.query(f"KILL QUERY WHERE Settings['log_comment'] = {text(token)} ASYNC")
            except EngineError:
                log.exception("a query could not be cancelled; it runs to its end")

    def kill_all(self) -> None:
        """Asks every running query of every connection to end."""
        with self._admin_lock:
            self._admin.query("KILL QUERY WHERE Settings['log_comment'] != '' ASYNC")

    def _names(self, kind: str) -> frozenset[str]:
        return frozenset(name.lower() for (name,) in self._admin.rows(f"SELECT name FROM system.{kind}"))

    def close(self) -> None:
        """Closes the folder once the other connections are closed."""
        self._admin.close()


def _written(settings: EngineSettings) -> Layout:
    try:
        return write_configuration(settings)
    except OSError as error:
        raise FolderError(
            f"{settings.folder} cannot be written ({error.strerror}): the engine was not started; "
            "free space on its disk, or name another folder"
        ) from error
