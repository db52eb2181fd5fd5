"""What both ports share: the open engine, the logins, the gate, the watcher and the limits."""

from dataclasses import dataclass

from pulsemon_deploy.clickhouse.access.gate import Gate
from pulsemon_deploy.clickhouse.access.logins import Logins
from pulsemon_deploy.clickhouse.cancellation import Watcher
from pulsemon_deploy.clickhouse.engine.database import Database
from pulsemon_deploy.clickhouse.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Front:
    """One running engine, as its sessions see it."""

    settings: EngineSettings
    database: Database
    logins: Logins
    gate: Gate
    watcher: Watcher

    def close(self) -> None:
        """Closes the engine's folder, once no session is left."""
        self.database.close()
        self.watcher.close()


def open_front(settings: EngineSettings) -> Front:
    """Opens the engine. FolderError if its folder cannot be opened."""
    database = Database(settings)
    return Front(settings, database, Logins(settings), Gate(database.surroundings), Watcher(database.kill))
