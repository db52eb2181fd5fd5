import json

import numpy as np
from pulsemon_deploy.simulate.demo_rule import RULE_ID, demo_rule
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_deploy.simulate.signals import Signals
from pulsemon_schemas.rules import default_rules, effective, parse_profile, parse_rule
from pulsemon_schemas.rules.resolve import by_rank

NOW = 1_795_557_600
DAY = 86_400
RULE = parse_rule(RULE_ID, json.loads(demo_rule().body), 12, demo_rule().author)
DISK = "system.filesystem.utilization"


def test_it_judges_simulated_servers_alone() -> None:
    ranked = by_rank([*default_rules(), RULE])
    server = fleet(1, 1)[0]
    simulated = parse_profile(server.server_id, server.description())

    assert effective(ranked, simulated, DISK, {"mountpoint": "/"})[DISK].id == RULE_ID
    assert effective(ranked, parse_profile("real", {}), DISK, {"mountpoint": "/"})[DISK].id == "fs_space"


def test_it_waits_for_nothing() -> None:
    assert RULE.window.function == "last"
    assert {level.for_seconds for level in RULE.levels} == {0.0}


def test_whenever_a_demonstration_starts_one_disk_is_over_and_most_are_not() -> None:
    settings = SimulatorSettings()
    servers = [one for one in fleet(settings.servers, settings.seed) if len(one.file_systems) > 1]
    critical = RULE.level("critical")
    assert critical is not None
    over = []
    for day in range(0, 28, 7):
        times = NOW + day * DAY + np.arange(0, 7 * DAY, 3 * 3600, dtype=np.int64)
        counts = np.zeros(len(times), dtype=np.int64)
        for server in servers:
            signals = Signals(settings.seed, server, int(times[0]), int(times[-1]))
            table = signals.table(times)
            rows = [row for name, row in zip(table.names, table.values, strict=True) if name == DISK]
            counts += np.where(signals.is_sending(times), np.max(rows, axis=0) >= critical.limit, False)
        over.append(counts)
    found = np.concatenate(over)
    assert (found > 0).mean() >= 0.99
    assert found.max() <= 3
