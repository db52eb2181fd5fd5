"""Migrations on the real engine: repeated, at once, changed, newer."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pulsemon_schemas.catalogue import headline_names
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import MigrationError, Migrator, migrate, migrator
from pulsemon_sinks.clickhouse.migrations import Migration, migration_files
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

if TYPE_CHECKING:
    from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

FILES = migration_files()
NAMES = tuple(one.name for one in FILES)


@pytest.fixture(name="database")
def fresh(clickhouse: "Engine") -> Iterator[ClickHouseSettings]:
    settings = clickhouse.fresh_database()
    yield settings
    clickhouse.drop(settings)


@pytest.fixture(name="store")
def connected(database: ClickHouseSettings) -> Iterator[NativeStore]:
    store = NativeStore(database)
    yield store
    store.close()


def with_files(store: NativeStore, database: ClickHouseSettings, *files: Migration) -> Migrator:
    return Migrator(store, database.database, headline_names(), files)


def test_a_new_database_gets_all_and_the_second_run_nothing(store: NativeStore, database: ClickHouseSettings) -> None:
    assert {one.state for one in migrator(database, store).status()} == {"pending"}
    assert migrate(database, store) == NAMES
    assert migrate(database, store) == ()
    assert {one.state for one in migrator(database, store).status()} == {"applied"}


def test_a_dry_run_shows_the_statements_and_changes_nothing(store: NativeStore, database: ClickHouseSettings) -> None:
    planned = migrator(database, store).plan()
    assert any(f"CREATE TABLE IF NOT EXISTS {database.database}.samples" in sql for sql in planned)
    assert {one.state for one in migrator(database, store).status()} == {"pending"}
    migrate(database, store)
    assert migrator(database, store).plan() == ()


def test_many_at_once_apply_each_migration_once(store: NativeStore, database: ClickHouseSettings) -> None:
    applied: list[tuple[str, ...]] = []

    def body() -> None:
        own = NativeStore(database)
        applied.append(migrate(database, own))
        own.close()

    threads = [threading.Thread(target=body) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(applied, key=len) == [(), (), (), (), NAMES]
    rows = store.rows(f"SELECT name, count() FROM {database.database}.schema_migrations GROUP BY name")
    assert sorted(rows) == sorted((name, 1) for name in NAMES)


def test_a_changed_file_is_an_error_and_changes_nothing(store: NativeStore, database: ClickHouseSettings) -> None:
    migrate(database, store)
    changed = replace(FILES[0], source=FILES[0].source + "\n-- edited")
    with pytest.raises(MigrationError, match=f"{FILES[0].name} was changed after it was applied"):
        with_files(store, database, changed, *FILES[1:]).migrate()


def test_a_newer_database_is_refused(store: NativeStore, database: ClickHouseSettings) -> None:
    newer = Migration(99, "0099_newer", "CREATE TABLE IF NOT EXISTS ${database}.newer (a Int8) ENGINE = Null;")
    with_files(store, database, *FILES, newer).migrate()
    with pytest.raises(
        MigrationError, match=f"is at version 99, this program knows {max(one.version for one in FILES)}"
    ):
        migrate(database, store)


def test_a_run_that_was_cut_off_goes_on(store: NativeStore, database: ClickHouseSettings) -> None:
    with_files(store, database, FILES[0]).migrate()
    assert migrate(database, store) == NAMES[1:]


def test_another_catalogue_renders_the_view_again(store: NativeStore, database: ClickHouseSettings) -> None:
    migrate(database, store)
    other = Migrator(store, database.database, ["other.metric"], FILES)
    assert other.migrate() == ("latest_view",)
    created = store.rows(f"SHOW CREATE TABLE {database.database}.latest_mv")[0][0]
    assert "other.metric" in created
    assert other.migrate() == ()
