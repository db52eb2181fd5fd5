"""Makes a backup: the store's rows first, the control log last, so that it has all that the rows name."""

import importlib.metadata
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pulsemon_schemas.topics import CONTROL
from pulsemon_sinks.backup.dump import Dump
from pulsemon_sinks.backup.folder import UnfinishedFolder, finish, made
from pulsemon_sinks.backup.manifest import LogCopy, Manifest, PieceFile, StoreCopy
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrator

from pulsemon_deploy.backup.engines import Says, engines
from pulsemon_deploy.backup.log_file import FILE, Folding, write_log
from pulsemon_deploy.backup.log_reading import log_records
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.kafka import topic_ids

TABLES, CONTROL_LOG, SECRETS = "tables", "control", "secrets"
PARTS = (TABLES, CONTROL_LOG, SECRETS)


class Backup:
    """One backup of one installation into ``target``. ``parts`` are some of PARTS."""

    def __init__(self, own: Installation, target: Path, parts: frozenset[str], says: Says) -> None:
        self._own = own
        self._target = target
        self._parts = parts
        self._says = says
        self._store: StoreCopy | None = None
        self.manifest: Manifest | None = None

    def run(self) -> Iterator[PieceFile]:
        """Does it; yields after each piece, and sets ``manifest`` at the end. BackupError, TransientError, as Store."""
        needs_store, needs_log = TABLES in self._parts, CONTROL_LOG in self._parts
        with (
            made(self._target) as folder,
            engines(self._own, kafka=needs_log, clickhouse=needs_store, says=self._says),
        ):
            if needs_store:
                yield from self._rows(folder)
            control = self._log(folder) if needs_log else None
            secrets = self._secrets(folder) if SECRETS in self._parts else {}
            manifest = Manifest(
                backup_id=uuid.uuid4().hex,
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                program=importlib.metadata.version("pulsemon"),
                store=self._store,
                control=control,
                secrets=secrets,
            )
            finish(folder, self._target, manifest)
            self.manifest = manifest

    def _rows(self, folder: UnfinishedFolder) -> Iterator[PieceFile]:
        settings = self._own.clickhouse()
        with closing(NativeStore(settings)) as store:
            dump = Dump(store, settings.database, folder)
            dump.begin(migrator(settings, store).status())
            yield from dump.run()
            self._store = dump.copied()

    def _log(self, folder: UnfinishedFolder) -> LogCopy:
        settings = self._own.kafka("operator")
        topic_id = topic_ids(settings, [CONTROL.name])[CONTROL.name]
        folding = Folding()
        with log_records(settings, CONTROL.name) as records:
            size_bytes, digest = folder.write(FILE, lambda path: write_log(path, folding.through(records)))
        return LogCopy(CONTROL.name, topic_id, folding.end, folding.records, FILE, size_bytes, digest, folding.digest())

    def _secrets(self, folder: UnfinishedFolder) -> dict[str, str]:
        found = {}
        for path in sorted(self._own.home.secrets.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                name = f"secrets/{path.name}"
                _, found[name] = folder.write(name, lambda draft, path=path: _copy_private(path, draft))  # type: ignore[misc]
        return found


def _copy_private(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    shutil.copyfile(source, target)
