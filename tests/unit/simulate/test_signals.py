"""What every simulated server must keep to, at every time, in good days and bad."""

from functools import cache

import numpy as np
import pytest
from pulsemon_deploy.simulate.curves import BOOT_PERIOD_SECONDS, boot_before
from pulsemon_deploy.simulate.fleet import Server, fleet
from pulsemon_deploy.simulate.incidents import Kind, incidents_of
from pulsemon_deploy.simulate.noise import Floats
from pulsemon_deploy.simulate.signals import BOOT_SECONDS, Signals, Table
from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.labels import parse

NOW = 1_795_557_600
DAY = 86_400
SEED = 1
SERVERS = fleet(50, SEED)
# One of each role, and those with disks of their own.
CHOSEN = tuple({server.role.name: server for server in SERVERS}.values())
ids = [server.role.name for server in CHOSEN]


@cache
def day_of(server: Server) -> Table:
    return Signals(SEED, server, NOW - DAY, NOW).table(np.arange(NOW - DAY, NOW, 10, dtype=np.int64))


def total(table: Table, name: str) -> Floats:
    """The sum over all series of a name."""
    rows = [row for row, other in enumerate(table.names) if other == name]
    summed: Floats = table.values[rows].sum(axis=0)
    return summed


@pytest.mark.parametrize("server", CHOSEN, ids=ids)
def test_names_and_labels_are_those_of_the_catalogue(server: Server) -> None:
    table = day_of(server)
    for name, labels in zip(table.names, table.labels, strict=True):
        attributes = metric(name).attributes
        given = parse(labels)
        assert set(given) == set(attributes), name
        assert all(not attributes[key] or value in attributes[key] for key, value in given.items()), (name, labels)


@pytest.mark.parametrize("server", CHOSEN, ids=ids)
def test_series_are_sorted_and_unique(server: Server) -> None:
    pairs = list(zip(day_of(server).names, day_of(server).labels, strict=True))
    assert pairs == sorted(set(pairs))
    assert 60 <= len(pairs) <= 120


@pytest.mark.parametrize("server", CHOSEN, ids=ids)
def test_values_are_physically_possible(server: Server) -> None:
    table = day_of(server)
    for name, labels, values in zip(table.names, table.labels, table.values, strict=True):
        assert np.isfinite(values).all(), (name, labels)
        assert values.min() >= 0, (name, labels)
        if metric(name).unit == "1" and name != "system.load.per_cpu":
            assert values.max() <= 1, (name, labels)


@pytest.mark.parametrize("server", CHOSEN, ids=ids)
def test_counters_never_go_backwards(server: Server) -> None:
    table = day_of(server)
    for name, labels, values in zip(table.names, table.labels, table.values, strict=True):
        if metric(name).is_counter:
            assert (np.diff(values) >= 0).all(), (name, labels)


@pytest.mark.parametrize("server", CHOSEN, ids=ids)
def test_parts_make_up_the_whole(server: Server) -> None:
    table = day_of(server)
    modes = total(table, "system.cpu.utilization")
    np.testing.assert_allclose(modes, 1.0, atol=0.001)
    memory = total(table, "system.memory.usage")
    np.testing.assert_allclose(memory, server.memory_bytes, rtol=1e-4)
    times = total(table, "system.cpu.time")
    assert np.diff(times).min() > 0
    np.testing.assert_allclose((times[-1] - times[0]) / (DAY - 10), server.cores, rtol=1e-3)


def test_a_gauge_is_the_slope_of_its_counter() -> None:
    table = day_of(CHOSEN[0])
    rows = list(zip(table.names, table.labels, strict=True))
    labels = "direction=receive,network.interface.name=eth0"
    counted = table.values[rows.index(("system.network.io", labels))]
    rate = table.values[rows.index(("system.network.io.rate", labels))]
    assert (counted[-1] - counted[0]) / (DAY - 10) == pytest.approx(rate.mean(), rel=0.02)


def test_live_and_history_are_one() -> None:
    """Asked for in another range, in other steps, or one at a time, a value is the same to the last bit."""
    for server in CHOSEN:
        history = Signals(SEED, server, NOW - 7 * DAY, NOW + 60)
        live = Signals(SEED, server, NOW - 60, NOW + 3600)
        minutes = np.arange(NOW - 60, NOW + 60, 60, dtype=np.int64)
        np.testing.assert_array_equal(
            history.table(minutes).values, live.table(np.arange(NOW - 60, NOW + 60, 10, dtype=np.int64)).values[:, ::6]
        )
        np.testing.assert_array_equal(history.table(minutes[1:]).values, live.table(minutes[1:]).values)


def test_the_seed_decides() -> None:
    times = np.array([NOW])
    server = SERVERS[3]
    first, again, other = (Signals(seed, server, NOW, NOW + 60).table(times).values for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_boot_starts_counters_anew_and_is_a_short_silence() -> None:
    server = SERVERS[0]
    boot = boot_before(SEED, server, NOW) + BOOT_PERIOD_SECONDS
    signals = Signals(SEED, server, boot - 600, boot + 600)
    times = np.arange(boot - 600, boot + 600, 10, dtype=np.int64)
    table = signals.table(times)
    uptime = table.values[table.names.index("system.uptime")]
    assert uptime[59] == BOOT_PERIOD_SECONDS - 10
    assert uptime[60] == 0
    assert (~signals.is_sending(times)).sum() == BOOT_SECONDS // 10
    switches = table.values[table.names.index("system.cpu.context_switches")]
    assert switches[60] < switches[59]
    assert (np.diff(switches[60:]) >= 0).all()


@pytest.mark.parametrize(
    ("kind", "name", "labels", "level"),
    [
        (Kind.CPU_SATURATION, "system.cpu.busy", "", 0.9),
        (Kind.MEMORY_LEAK, "system.memory.utilization", "system.memory.state=used", 0.93),
        (Kind.DISK_FILLING, "system.filesystem.utilization", "mountpoint=/var", 0.95),
        (Kind.DISK_LATENCY, "system.disk.await", "direction=write", 0.05),
    ],
)
def test_an_incident_is_seen_where_it_should_be(kind: Kind, name: str, labels: str, level: float) -> None:
    server, incident = next(
        (server, one)
        for server in SERVERS
        for one in incidents_of(SEED, server, NOW - 7 * DAY, NOW)
        if one.kind is kind
        and one.started_at > NOW - 7 * DAY
        and (kind is not Kind.DISK_FILLING or server.role.name == "db")
    )
    late = incident.started_at + int((incident.ended_at - incident.started_at) * 0.9)
    table = Signals(SEED, server, late - 600, late).table(np.arange(late - 600, late, 10, dtype=np.int64))
    seen = [
        values.mean()
        for other, text, values in zip(table.names, table.labels, table.values, strict=True)
        if other == name and labels in text
    ]
    assert max(seen) > level


def test_a_silent_server_sends_nothing() -> None:
    server, incident = next(
        (server, one)
        for server in SERVERS
        for one in incidents_of(SEED, server, NOW - DAY, NOW)
        if one.kind is Kind.SILENT
    )
    times = np.array([incident.started_at - 1, incident.started_at, incident.ended_at - 1, incident.ended_at])
    signals = Signals(SEED, server, int(times[0]), int(times[-1]))
    assert signals.is_sending(times).tolist() == [True, False, False, True]
