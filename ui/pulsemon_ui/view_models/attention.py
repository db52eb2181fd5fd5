"""What is worth a look first.

``Attention`` is one row, whatever made it: a silent server, a high value. An alert fits in as well, with its limit and
its age.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_sinks.reader.choice import Choice

from pulsemon_ui.view_models.fleet import Fleet, Host
from pulsemon_ui.view_models.metrics import CPU, DISK, FLEET, MEMORY
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.wording import duration_text, value_text

ROWS = 9
SILENT_ROWS = 5
ROWS_A_MEASURE = 4
SPARK_SECONDS = 3 * 3600
SPARK_STEP_SECONDS = 180

_RANKED = {"disk": "Disk used", "cpu": CPU.title, "memory": MEMORY.title}
_WHERE = "mountpoint="


@dataclass(frozen=True, slots=True)
class Attention:
    """One row: what about which server, the value in words, since when, and the series of its small line.

    ``key`` says how the row is marked: a status, or "value" for a high value. ``limit`` is None where there is none.
    """

    key: str
    glyph: str
    server_id: str
    name: str
    about: str
    value: str
    note: str
    age: str
    choice: Choice
    limit: float | None = None


def attention(fleet: Fleet) -> tuple[Attention, ...]:
    """At most ROWS rows: the servers silent longest first, then the highest shares of disk, CPU and memory in use."""
    silent = [host for host in fleet.hosts if host.verdict.status is Status.SILENT]
    silent.sort(key=lambda host: -(host.verdict.silent_seconds or 0))
    rows = [_silent(host) for host in silent[:SILENT_ROWS]]
    return (*rows, *_highest(fleet, ROWS - len(rows)))


def _silent(host: Host) -> Attention:
    look = Status.SILENT.value
    age = duration_text(host.verdict.silent_seconds or 0)
    return Attention(
        look.key, look.glyph, host.server_id, host.server.name, "Sends no data", "", "last CPU", age, CPU.choice
    )


def _highest(fleet: Fleet, count: int) -> list[Attention]:
    found = [
        (host.readings[measure].value, host, measure)
        for host in fleet.hosts
        if host.verdict.status is not Status.SILENT
        for measure in _RANKED
        if measure in host.readings
    ]
    found.sort(key=lambda one: (-one[0], one[1].server_id))
    kept: list[tuple[float, Host, str]] = []
    for one in found:
        if sum(other[2] == one[2] for other in kept) < ROWS_A_MEASURE:
            kept.append(one)
    return [_high(host, measure) for _, host, measure in kept[:count]]


def _high(host: Host, measure: str) -> Attention:
    reading = host.readings[measure]
    mount = next((label.removeprefix(_WHERE) for label in reading.labels.split(",") if label.startswith(_WHERE)), "")
    about = f"{_RANKED[measure]} on {mount}" if mount and measure == "disk" else _RANKED[measure]
    choice = DISK.choice if measure == "disk" else FLEET[measure].choice
    return Attention(
        "value", "", host.server_id, host.server.name, about, value_text(reading.value, "1"), "", "", choice
    )


def wanted_lines(rows: Sequence[Attention]) -> tuple[tuple[str, Choice], ...]:
    """The series behind the small lines of the rows."""
    return tuple((row.server_id, row.choice) for row in rows)


def change_text(line: Sequence[float | None]) -> str:
    """How a share moved over its small line: ``+12 pts``, ``steady`` within one; "" without two values."""
    values = [value for value in line if value is not None]
    if len(values) < 2:
        return ""
    points = (values[-1] - values[0]) * 100
    return "steady" if abs(points) < 1 else f"{points:+.0f} pts"
