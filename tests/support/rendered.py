"""The migrations as each kind of installation gets them.

``PYTHONPATH=tests python -m support.rendered`` writes the golden files anew.
"""

from pathlib import Path

from pulsemon_sinks.clickhouse.migrations import migration_files
from pulsemon_sinks.clickhouse.rendering import placeholders, render, statements
from pulsemon_sinks.clickhouse.topology import SINGLE, Topology

FOLDER = Path(__file__).parents[1] / "unit" / "sinks" / "golden"
TOPOLOGIES = (SINGLE, Topology("replicated", "pulse"), Topology("sharded", "pulse"))


def golden_file(topology: Topology) -> Path:
    return FOLDER / f"{topology.kind}.sql"


def rendered(topology: Topology) -> str:
    # one metric stands for the catalogue, which grows without a migration
    one_metric = {"metric_names": "'system.cpu.busy'", "metric_groups": "'cpu'"}
    values = {**placeholders("pulsemon", ["system.cpu.busy"], topology), **one_metric}
    parts = []
    for one in migration_files():
        parts.append(f"-- {one.name}")
        parts += [f"{sql};" for sql in topology.spread(statements(render(one.source, values)))]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for topology in TOPOLOGIES:
        golden_file(topology).write_text(rendered(topology), "utf-8")
