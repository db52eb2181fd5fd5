"""History goes into files and back: every sample once, whatever the file's kind, and however often it is repeated."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.errors import StoreUnreachableError
from pulsemon_sinks.transfer import backfill
from pulsemon_sinks.transfer.backfill import Backfill
from pulsemon_sinks.transfer.export import Export, Gap, Wanted
from pulsemon_sinks.transfer.reading import pieces
from pulsemon_sinks.transfer.shape import RAW, SHAPES, FileError
from pulsemon_sinks.transfer.writing import writing
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse
from support.rolled import START, Rolled, Sample, assert_same, recomputed

pytestmark = pytest.mark.clickhouse

HOURS = 3
ODD = 'device=a\\,b,mountpoint=/srv/ü "x"\n'
VALUES = (0.1, 1 / 3, 1e30, -5e-324, 0.0, 2.0**53, -1.5)


def samples() -> list[Sample]:
    """Two servers at 60 s for three hours; db-1 is silent in the second."""
    found = []
    for number, at in enumerate(range(START, START + HOURS * 3600, 60)):
        for server in ("db-1", "web-1"):
            if server == "db-1" and START + 3600 <= at < START + 7200:
                continue
            found += [
                Sample(server, "system.cpu.busy", "", at, number / 7),
                Sample(server, "system.filesystem.utilization", ODD, at, VALUES[number % len(VALUES)]),
            ]
    return found


@pytest.fixture(scope="module")
def full(clickhouse: Engine) -> Iterator[Rolled]:
    made = Rolled(clickhouse.fresh_database())
    made.block(samples())
    made.end()
    made.job().run()
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture(scope="module")
def other(clickhouse: Engine) -> Iterator[Rolled]:
    made = Rolled(clickhouse.fresh_database())
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture
def fresh(other: Rolled) -> Rolled:
    other.empty()
    other.store.rows(f"TRUNCATE TABLE {other.database}.batches")
    return other


def raw(rolled: Rolled) -> list[tuple[object, ...]]:
    return rolled.store.rows(
        "SELECT server_id, name, labels, recorded_at, reinterpretAsUInt64(value) "
        f"FROM {rolled.database}.samples FINAL ORDER BY ALL"
    )


def exported(rolled: Rolled, path: Path, piece_rows: int = 700, **changes: object) -> Export:
    wanted = Wanted(**{"shape": RAW, "start": START, "end": START + HOURS * 3600, **changes})  # type: ignore[arg-type]
    with writing(path, wanted.shape) as writer:
        run = Export(rolled.store, rolled.database, wanted, piece_rows)
        assert list(run.run(writer)) == list(range(1, len(wanted.slices) + 1))
    return run


def filled(rolled: Rolled, path: Path) -> int:
    bulk = HttpBulkStore(rolled.settings)
    try:
        run = Backfill(rolled.store, bulk, rolled.database)
        assert run.check(path) == len(samples())
        return [stored for _, stored in run.run(path)][-1].samples
    finally:
        bulk.close()


@pytest.mark.parametrize("kind", ["csv", "parquet", "avro"])
def test_what_is_exported_and_stored_again_is_the_same(full: Rolled, fresh: Rolled, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"all.{kind}"
    run = exported(full, path)
    assert run.exported.rows == len(samples())
    assert filled(fresh, path) == len(samples())
    assert raw(fresh) == raw(full)

    batches = fresh.store.rows(f"SELECT count(), sum(samples) FROM {fresh.database}.batches FINAL")
    filled(fresh, path)  # repeated: other batches would count twice, other samples too
    assert raw(fresh) == raw(full)
    assert fresh.store.rows(f"SELECT count(), sum(samples) FROM {fresh.database}.batches FINAL") == batches
    assert batches[0][1] == len(samples())


def test_pieces_of_a_file_number_their_batches_without_holes(
    full: Rolled, fresh: Rolled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "pieces", lambda path: pieces(path, 101))
    exported(full, tmp_path / "all.csv")
    filled(fresh, tmp_path / "all.csv")
    assert raw(fresh) == raw(full)
    found = fresh.store.rows(
        "SELECT max(sequence) + 1 - uniqExact(sequence), min(sequence) "
        f"FROM {fresh.database}.batches FINAL GROUP BY server_id, producer_id"
    )
    assert found == [(0, 0), (0, 0)]

    fresh.job().run()
    for table, rows in fresh.all_rows().items():
        assert_same(rows, recomputed(samples(), table))


def test_gaps_are_told_and_choices_kept_to(full: Rolled, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    run = exported(full, path, metrics=("system.cpu.busy",), end=START + 4 * 3600)
    first, *lines = path.read_text("utf-8").splitlines()
    assert first == "server_id,name,labels,recorded_at,value"
    assert {line.split(",")[1] for line in lines} == {"system.cpu.busy"}
    assert run.exported.gaps == [Gap("db-1", START + 3600, START + 7200)]
    wanted = Wanted(RAW, START, START + 4 * 3600)
    last = START + 3 * 3600
    assert run.exported.missing_ends(wanted) == [Gap(one, last, last + 3600) for one in ("db-1", "web-1")]


@pytest.mark.parametrize(("tier", "count"), [("1m", 2 * (120 + 180)), ("1h", 10), ("1d", 4)])
def test_tiers_are_exported_as_they_are(full: Rolled, tier: str, count: int, tmp_path: Path) -> None:
    run = exported(full, tmp_path / "tier.avro", shape=SHAPES[tier], end=START + 86_400)
    assert run.exported.rows == len(full.rows(SHAPES[tier].table)) == count


def test_a_file_that_breaks_off_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), writing(path, RAW) as writer:
        writer.write([["web-1"], ["a"], [""], [0], [1 / 0]])
    assert [one.read_text() for one in tmp_path.iterdir()] == ["before"]


class FailingOnce:
    """A store whose first answer is lost after it stored everything."""

    def __init__(self, bulk: HttpBulkStore) -> None:
        self._bulk = bulk
        self.posts = 0

    def post(self, table: str, body: bytes, token: str | None = None) -> None:
        self.posts += 1
        self._bulk.post(table, body, token)
        if self.posts == 1:
            raise StoreUnreachableError("gone", 0.01)

    def close(self) -> None:
        self._bulk.close()


def test_a_piece_whose_answer_is_lost_is_sent_again_and_stored_once(
    full: Rolled, fresh: Rolled, tmp_path: Path
) -> None:
    exported(full, tmp_path / "all.avro")
    bulk = FailingOnce(HttpBulkStore(fresh.settings))
    stored = [one for _, one in Backfill(fresh.store, bulk, fresh.database).run(tmp_path / "all.avro")][-1]
    bulk.close()
    assert (bulk.posts, stored.samples) == (2, len(samples()))
    assert raw(fresh) == raw(full)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("web-1,a,,2026-01-01T00:00:00,1", "row 1.*its zone"),
        ('web-1,a,"z=1,a=2",2026-01-01T00:00:00Z,1', "row 1.*labels"),
        (",a,,2026-01-01T00:00:00Z,1", "row 1.*server_id"),
        ("web-1,a,,2026-01-01T00:00:00Z,much", "row 1.*much"),
    ],
)
def test_a_row_that_is_no_sample_is_named(row: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"server_id,name,labels,recorded_at,value\n{row}\n")
    with pytest.raises(FileError, match=word):
        list(pieces(path))


def test_the_commands_do_both(
    full: Rolled, fresh: Rolled, tmp_path: Path, clickhouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_clickhouse(monkeypatch, clickhouse.reader_of(full.settings))
    path = tmp_path / "all.parquet"
    done = invoke("export", str(path), "--last", "72h", "--server", "db-1", "--server", "no-1")
    assert done.exit_code == 0, done.output
    assert "of 1 servers, tier raw" in done.stderr
    assert "nothing is stored of no-1" in done.stderr
    assert "db-1: nothing from " in done.stderr

    use_clickhouse(monkeypatch, fresh.settings)
    done = invoke("backfill", str(path))
    assert done.exit_code == 0, done.output
    assert "all.parquet: 240 samples in 120 batches" in done.stderr
    assert raw(fresh) == [one for one in raw(full) if one[0] == "db-1"]

    old = tmp_path / "old.csv"
    old.write_text("server_id,name,labels,recorded_at,value\nweb-1,a,,2021-01-01T00:00:00Z,1\n")
    refused = invoke("backfill", str(old))
    assert refused.exit_code == 1
    assert "nothing of it was stored; `pulsemon retention set raw" in refused.stderr.replace(".venv/bin/", "")
