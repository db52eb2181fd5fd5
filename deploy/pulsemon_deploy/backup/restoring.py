"""Restores a backup into an installation that nothing was stored in yet."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_sinks.backup import check
from pulsemon_sinks.backup.fill import Compared, Fill
from pulsemon_sinks.backup.folder import read_manifest
from pulsemon_sinks.backup.manifest import BackupError, LogCopy, Manifest, PieceFile
from pulsemon_sinks.clickhouse.connection import NativeStore, Store
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.migrate import migrator
from pulsemon_sinks.reader.alerts import asker

from pulsemon_deploy.backup.engines import ADMIN, Says, engines
from pulsemon_deploy.backup.log_file import Folding, read_log
from pulsemon_deploy.backup.log_reading import log_records
from pulsemon_deploy.backup.log_writing import LogWriter, RestoredLog
from pulsemon_deploy.backup.making import CONTROL_LOG, SECRETS, TABLES
from pulsemon_deploy.backup.open_alerts import ends, tell
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.kafka import ensure_access, ensure_topics

SHOWN = 3


@dataclass
class Restored:
    """What is there now. ``fold``: the hash of the configuration; ``ended``: alerts that were open."""

    tables: tuple[Compared, ...] = ()
    log: RestoredLog | None = None
    fold: str = ""
    ended: int = 0
    secrets: list[str] = field(default_factory=list)


class Restore:
    """One backup into one installation. ``parts`` are some of PARTS, None for all that the backup has but secrets."""

    def __init__(self, own: Installation, root: Path, parts: frozenset[str] | None, says: Says) -> None:
        self._own = own
        self._root = root
        self._says = says
        self.manifest = read_manifest(root)
        self._parts = _parts(self.manifest, parts)
        self.restored = Restored()

    def run(self) -> Iterator[PieceFile]:
        """Checks the files, then the target, then writes; yields after each piece. BackupError, and as the parts."""
        self._check_files()
        if SECRETS in self._parts:
            self._put_secrets()
        if self._parts <= {SECRETS}:
            return
        wants_log = CONTROL_LOG in self._parts
        settings = self._own.clickhouse()
        with (
            engines(self._own, kafka=wants_log, clickhouse=True, says=self._says),
            closing(NativeStore(settings)) as store,
        ):
            writer = self._log_writer() if wants_log else None
            if writer is not None:
                writer.check()
            fill = self._fill_of(store, settings.database) if TABLES in self._parts else None
            if fill is not None:
                fill.begin(migrator(settings, store))
                yield from fill.run()
                self._compare(fill)
            if writer is not None:
                self._write_log(writer, store, settings.database)
            if fill is not None:
                fill.finish()

    def _fill_of(self, store: Store, database: str) -> Fill:
        copy = self.manifest.store
        assert copy is not None
        return Fill(store, database, self._root, self.manifest.backup_id, copy)

    def _compare(self, fill: Fill) -> None:
        self.restored.tables = fill.compare()
        if wrong := [one.table for one in self.restored.tables if not one.is_same]:
            raise BackupError(
                f"{', '.join(wrong)} are not what was copied. The database stays marked as unfinished; stop whatever "
                "else writes to it, then do the same again: it begins anew"
            )

    def _write_log(self, writer: LogWriter, store: Store, database: str) -> None:
        control = self.manifest.control
        assert control is not None
        admin = self._own.kafka(ADMIN)
        self.restored.log = writer.write()
        ensure_topics(admin, self._own.local.partitions)
        if self._own.has_own_kafka:
            ensure_access(admin, lambda role: self._own.kafka(role).password.reveal())
        self.restored.fold = self._fold(control)
        if _note(store, database, control, self.restored.log, self.manifest.backup_id):
            events = ends(asker(store, database))
            tell(admin, events)
            self.restored.ended = len(events)

    def _fold(self, control: LogCopy) -> str:
        """Of what is in Kafka now. BackupError if it is another one than when the backup was made."""
        folding = Folding()
        with log_records(self._own.kafka(ADMIN), control.topic) as records:
            for _ in folding.through(records):
                pass
        if folding.digest() != control.fold:
            raise BackupError(
                "the restored control log makes another configuration than the one that was copied: is this an older "
                "pulsemon than made the backup? The log is kept as it is; install that version"
            )
        return control.fold

    def _log_writer(self) -> LogWriter:
        control = self.manifest.control
        assert control is not None
        return LogWriter(self._own.kafka(ADMIN), lambda: read_log(self._root / control.file), control.topic)

    def _check_files(self) -> None:
        found = [one for one in check.problems(self._root, check.files(self.manifest)) if one is not None]
        if found:
            more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            raise BackupError(
                f"{self._root} is damaged: {'; '.join(found[:SHOWN])}{more}. Nothing was stored; take another backup"
            )

    def _put_secrets(self) -> None:
        home = self._own.home
        home.prepare()
        if there := [path.name for path in home.secrets.iterdir()]:
            raise BackupError(
                f"{home.secrets} holds secrets already ({', '.join(sorted(there)[:SHOWN])}): nothing was changed. They "
                "can only be restored before anything was started in a home"
            )
        for name in self.manifest.secrets:
            target = home.secrets / Path(name).name
            target.touch(mode=0o600)
            target.write_bytes((self._root / name).read_bytes())
            self.restored.secrets.append(target.name)


def _parts(manifest: Manifest, wanted: frozenset[str] | None) -> frozenset[str]:
    held = {TABLES: manifest.store is not None, CONTROL_LOG: manifest.control is not None}
    there = frozenset(part for part, is_there in held.items() if is_there)
    if wanted is None:
        return there
    there |= {SECRETS} if manifest.secrets else frozenset()
    if missing := wanted - there:
        raise BackupError(
            f"the backup has no {', '.join(sorted(missing))}, only {', '.join(sorted(there)) or 'nothing'}: nothing "
            "was changed"
        )
    return wanted


def _note(store: Store, database: str, control: LogCopy, log: RestoredLog, backup_id: str) -> bool:
    """Tells the store which log goes on as which. False if there is no store of ours."""
    if log.topic_id == control.topic_id:
        return False
    try:
        store.insert(
            f"INSERT INTO {database}.restored_logs (topic, topic_id_before, topic_id, backup_id) VALUES",
            [(control.topic, control.topic_id, log.topic_id, backup_id)],
            {"async_insert": 0},
        )
    except StoreRefusedError as error:
        if error.is_missing_schema:
            return False
        raise
    return True
