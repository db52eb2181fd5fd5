"""One source, three kinds of installation. What each gets is written down, for a person to read what changed."""

import pytest
from pulsemon_sinks.clickhouse.topology import Topology
from support.rendered import TOPOLOGIES, golden_file, rendered


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda one: str(one.kind))
def test_migrations_are_rendered_as_written_down(topology: Topology) -> None:
    assert rendered(topology) == golden_file(topology).read_text("utf-8"), (
        "written anew by: PYTHONPATH=tests python -m support.rendered"
    )


def test_replicas_share_a_path_and_remember_tokens_for_a_week() -> None:
    text = rendered(TOPOLOGIES[1])
    assert (
        "ENGINE = ReplicatedReplacingMergeTree("
        "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)" in text
    )
    assert "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')" in text
    assert "replicated_deduplication_window_seconds = 604800" in text
    assert "non_replicated" not in text


def test_shards_have_a_database_for_readers_with_every_table_that_keeps_rows() -> None:
    text = rendered(TOPOLOGIES[2])
    spread = {line.split()[5] for line in text.splitlines() if "ENGINE = Distributed" in line}
    kept = {
        part.split("CREATE TABLE IF NOT EXISTS ")[1].split()[0]
        for part in text.split(";\n")
        if "ENGINE = Replicated" in part
    }
    assert spread == {one.replace("pulsemon.", "pulsemon_all.") for one in kept}
    assert "CREATE OR REPLACE VIEW pulsemon_all.servers ON CLUSTER pulse" in text
    assert "ALTER TABLE pulsemon_all.sink_ledger ON CLUSTER pulse ADD COLUMN" in text


def test_a_cluster_needs_a_name() -> None:
    with pytest.raises(ValueError, match="needs the name of its cluster"):
        Topology("sharded")
