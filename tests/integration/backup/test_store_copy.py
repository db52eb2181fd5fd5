"""Every row of the store goes into a backup and back, piece by piece, and half a backup is never taken for one."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulsemon_sinks.backup import check
from pulsemon_sinks.backup.dump import Dump
from pulsemon_sinks.backup.fill import Fill
from pulsemon_sinks.backup.folder import finish, made, read_manifest
from pulsemon_sinks.backup.manifest import Applied, BackupError, Manifest, StoreCopy, parse_manifest
from pulsemon_sinks.backup.tables import UNFINISHED
from pulsemon_sinks.clickhouse.connection import Columns, NativeStore
from pulsemon_sinks.clickhouse.migrate import MigrationError, migrate, migrator
from support.clickhouse import Engine
from support.filled_store import FilledStore

pytestmark = pytest.mark.clickhouse

SMALL_PIECES = 500
"""Values a piece: samples, with five columns, have a hundred rows in one."""


@pytest.fixture(scope="module")
def full(clickhouse: Engine) -> Iterator[FilledStore]:
    made_store = FilledStore(clickhouse.fresh_database())
    made_store.fill()
    yield made_store
    made_store.close()
    clickhouse.drop(made_store.settings)


@pytest.fixture(scope="module")
def second(clickhouse: Engine) -> Iterator[FilledStore]:
    made_store = FilledStore(clickhouse.fresh_database())
    yield made_store
    made_store.close()
    clickhouse.drop(made_store.settings)


@pytest.fixture
def other(second: FilledStore) -> FilledStore:
    second.empty()
    return second


def backed_up(source: FilledStore, target: Path) -> None:
    with made(target) as folder:
        dump = Dump(source.store, source.database, folder, SMALL_PIECES)
        dump.begin(migrator(source.settings, source.store).status())
        assert list(dump.run())
        finish(folder, target, Manifest("an-id", "2026-11-25T00:00:00Z", "0", dump.copied()))


def fill_from(target: FilledStore, root: Path, backup_id: str = "an-id") -> Fill:
    manifest = read_manifest(root)
    assert manifest.store is not None
    assert set(check.problems(root, check.files(manifest))) == {None}
    fill = Fill(target.store, target.database, root, backup_id, manifest.store)
    fill.begin(migrator(target.settings, target.store))
    return fill


@pytest.fixture(scope="module")
def backup(full: FilledStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole one; nobody writes to it."""
    target = tmp_path_factory.mktemp("backups") / "backup"
    backed_up(full, target)
    return target


def copy_of(root: Path) -> StoreCopy:
    copy = read_manifest(root).store
    assert copy is not None
    return copy


def test_every_row_of_every_table_comes_back(full: FilledStore, other: FilledStore, backup: Path) -> None:
    copy = copy_of(backup)
    files = {table.name: len(table.pieces) for table in copy.tables}
    assert files["samples"] > 2, "samples are cut into pieces, so that memory does not grow with them"
    assert all(table.rows for table in copy.tables)

    fill = fill_from(other, backup)
    list(fill.run())
    compared = fill.compare()
    fill.finish()
    assert all(one.is_same and one.rows for one in compared), compared
    assert other.contents() == full.contents()
    assert other.derived() == full.newest_alerts()
    assert other.ttls() == full.ttls()


def test_a_copy_is_of_the_moment_at_which_it_began(full: FilledStore, other: FilledStore, tmp_path: Path) -> None:
    """What sinks store meanwhile is not in it, in no table that says where its rows are from."""
    other.block("log-1", 0, 9)
    with made(tmp_path / "backup") as folder:
        dump = Dump(other.store, other.database, folder, SMALL_PIECES)
        dump.begin(migrator(other.settings, other.store).status())
        pieces = dump.run()
        while next(pieces).table not in ("alerts", "batches"):
            pass
        other.block("log-1", 10, 19)
        other.block("log-2", 30, 39)
        list(pieces)
        copy = dump.copied()
    rows = {one.name: one.rows for one in copy.tables}
    assert [(one.topic_id, one.partition, one.last_offset) for one in copy.cutoffs] == [("log-1", 0, 9)]
    assert {name: rows[name] for name in ("sink_ledger", "batches", "samples", "alerts")} == {
        "sink_ledger": 1, "batches": 10, "samples": 20, "alerts": 10,
    }  # fmt: skip


class Counting:
    """A store that counts the pieces which it is asked for."""

    def __init__(self, store: NativeStore) -> None:
        self._store = store
        self.count = 0

    def columns(self, *arguments: Any, **options: Any) -> Columns:
        self.count += 1
        return self._store.columns(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_backup_that_was_cut_off_goes_on_and_is_none_before(full: FilledStore, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    states = migrator(full.settings, full.store).status()
    with pytest.raises(BackupError, match=r"No space left.*goes on"), made(target) as folder:  # noqa: PT012
        dump = Dump(full.store, full.database, folder, SMALL_PIECES)
        dump.begin(states)
        pieces = dump.run()
        first = [next(pieces) for _ in range(3)]
        raise OSError(28, "No space left on device")
    with pytest.raises(BackupError, match="not finished"):
        read_manifest(target)

    counting = Counting(full.store)
    with made(target) as folder:
        dump = Dump(counting, full.database, folder, SMALL_PIECES)
        dump.begin(states)
        assert list(dump.run())[:3] == first
        copy = dump.copied()
        finish(folder, target, Manifest("an-id", "2026-11-25T00:00:00Z", "0", copy))
    assert counting.count == sum(len(one.pieces) for one in copy.tables) - 3, "what was done is not done again"
    assert {path.name for path in tmp_path.iterdir()} == {"backup"}
    assert set(check.problems(target, check.files(read_manifest(target)))) == {None}
    with pytest.raises(BackupError, match="is there already"), made(target):
        pass


def test_damage_is_found_before_anything_is_stored(backup: Path, tmp_path: Path) -> None:
    target = shutil.copytree(backup, tmp_path / "backup")
    copy = copy_of(target)
    first, second = copy.tables[0].pieces[0].file, copy.tables[1].pieces[0].file
    data = bytearray((target / first).read_bytes())
    data[len(data) // 2] ^= 1
    (target / first).write_bytes(data)
    (target / second).unlink()
    found = [one for one in check.problems(target, check.files(read_manifest(target))) if one]
    assert found[0] == f"{first} is not what was written"
    assert found[1].startswith(f"{second} cannot be read")
    (target / "manifest.json").write_text((target / "manifest.json").read_text().replace("an-id", "another"))
    with pytest.raises(BackupError, match="not what was written"):
        read_manifest(target)


def test_a_database_with_rows_is_refused_and_one_half_filled_is_begun_anew(
    full: FilledStore, other: FilledStore, backup: Path
) -> None:
    with pytest.raises(BackupError, match=r"is not empty .* nothing was changed.*pulsemon reset"):
        fill_from(full, backup)

    next(pieces := fill_from(other, backup).run())  # and killed
    next(pieces)
    assert other.store.rows(f"EXISTS {other.database}.{UNFINISHED}") == [(1,)]
    with pytest.raises(MigrationError, match="half filled from a backup"):
        migrate(other.settings, other.store)
    with pytest.raises(BackupError, match="half filled from another backup"):
        fill_from(other, backup, "another-id")
    again = fill_from(other, backup)
    list(again.run())
    assert all(one.is_same for one in again.compare())
    again.finish()
    assert other.store.rows(f"EXISTS {other.database}.{UNFINISHED}") == [(0,)]
    assert other.ttls() == full.ttls()


def test_a_backup_of_a_newer_schema_or_program_is_refused(other: FilledStore, backup: Path) -> None:
    copy = copy_of(backup)
    newer = replace(copy, migrations=(*copy.migrations, Applied(9999, "9999_later", "0")))
    fill = Fill(other.store, other.database, backup, "an-id", newer)
    with pytest.raises(BackupError, match=r"9999_later.*nothing was changed"):
        fill.begin(migrator(other.settings, other.store))
    text = Manifest("an-id", "", "0").as_json()
    assert parse_manifest(text) == Manifest("an-id", "", "0")
    with pytest.raises(BackupError, match="format 2"):
        parse_manifest(json.dumps(json.loads(text) | {"format": 2}))


def test_a_database_that_is_not_ours_is_told(full: FilledStore, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="elsewhere holds no store of ours"), made(tmp_path / "backup") as folder:
        Dump(full.store, "elsewhere", folder).begin(())
    assert list(tmp_path.iterdir()) == []


def test_a_restored_control_log_is_the_one_in_force(other: FilledStore) -> None:
    """It has the same records and times as the one before, which may have lost its tail and begun anew as well."""
    for topic_id in ("old", "old/1", "copy"):
        other.store.rows(
            f"INSERT INTO {other.database}.control (topic_id, offset, append_time, entity_type) "
            f"SELECT '{topic_id}', number, toDateTime64(1000 + number, 3), 'server' FROM numbers(3)"
        )
    now = f"SELECT DISTINCT topic_id FROM {other.database}.control_log"
    assert other.store.rows(now) == [("old/1",)]
    columns = "(topic, topic_id_before, topic_id, backup_id)"
    other.store.rows(f"INSERT INTO {other.database}.restored_logs {columns} VALUES ('control', 'old', 'copy', 'id')")
    assert other.store.rows(now) == [("copy",)]
