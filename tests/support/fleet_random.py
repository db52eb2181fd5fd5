"""Random logs for the fleet engine: servers that come, fall silent, move and go, under rules that people change."""

import random

from support.fleet_log import RULE, FleetLog

ENVIRONMENTS = ("production", "test", "")
QUICK_RULE = {
    "kind": "fleet",
    "min_servers": 2,
    "levels": {"warning": {"limit": 0.3}, "critical": {"limit": 0.6, "for_seconds": 20, "keep_firing_seconds": 15}},
}
GROUPS = (
    {"kind": "group", "by": ["environment"], "levels": {"warning": {"limit": 3}, "critical": {"limit": 2}}},
    {"kind": "group", "value": "share", "min_servers": 2, "levels": {"warning": {"limit": 0.5, "for_seconds": 10}}},
    {"kind": "group", "by": ["role"], "healthy": ["ok"], "levels": {}},
)
STEPS = 80


def random_fleet(seed: int) -> FleetLog:
    """The log of a seed, always the same; it ends with a minute in which all partitions tell their time."""
    chance = random.Random(seed)
    log = FleetLog(chance.choice([1, 2, 3, 5]))
    servers = [f"web-{number}" for number in range(chance.randrange(3, 14))]
    log.configure("rule/fleet_silent", chance.choice([RULE, QUICK_RULE]))
    log.configure("rule/quorum", chance.choice(GROUPS))
    for server_id in servers:
        if chance.random() < 0.8:
            log.configure(f"server/{server_id}", {"environment": chance.choice(ENVIRONMENTS)})
    for number in range(STEPS):
        log.wait(chance.choice([0, 0, 0.5, 3, 5, 5, 60 if chance.random() < 0.1 else 5]))
        _happen(log, chance, servers, number)
        told = [partition for partition in range(log.partition_count) if chance.random() < 0.7]
        behind = {partition for partition in told if chance.random() < 0.3}
        log.tell(*sorted(behind))
        if set(told) - behind:
            log.tick(*sorted(set(told) - behind))
    log.run(60)
    return log


def _happen(log: FleetLog, chance: random.Random, servers: list[str], number: int) -> None:
    what = chance.random()
    if what < 0.25:
        status = chance.choice(["stale", "down", "ok", "ok"])
        log.statuses(status, *chance.sample(servers, chance.randrange(1, len(servers) + 1)))
    elif what < 0.5:
        log.status(chance.choice(servers), chance.choice(["stale", "down", "ok", "new", "maintenance", "warning"]))
    elif what < 0.58:
        _reconfigure(log, chance, servers, number)
    elif what < 0.66:
        _command(log, chance, number)


def _reconfigure(log: FleetLog, chance: random.Random, servers: list[str], number: int) -> None:
    server = f"server/{chance.choice(servers)}"
    match chance.randrange(7):
        case 6:
            log.configure("rule/quorum", chance.choice([*GROUPS, None, {"kind": "group", "by": 3}]))
        case 0:
            log.configure(server, {"environment": chance.choice(ENVIRONMENTS)})
        case 1:
            log.configure(server, None, operation="purged")
        case 2:
            log.configure("rule/fleet_silent", chance.choice([RULE, QUICK_RULE, {**RULE, "enabled": False}]))
        case 3:
            scope = {"kind": "environment", "value": "production"}
            log.configure("rule/narrow", chance.choice([{**QUICK_RULE, "scope": scope}, None]))
        case 4:
            span = [log.now_ms, log.now_ms + chance.randrange(1, 120_000)]
            log.configure(f"silence/{number}", {"scope": {"kind": "global"}, "intervals": [span]})
        case 5:
            log.configure(server, {"environment": "test", "retired": True})


def _command(log: FleetLog, chance: random.Random, number: int) -> None:
    """Somebody does something to the alert that is the newest where all partitions are as far as here."""
    events = [event for event in log.alerts() if event.state in {"firing", "acknowledged"}]
    if not events:
        return
    body = {
        "alert_id": events[-1].alert_id,
        "server_id": events[-1].server_id,
        "command": chance.choice(["acknowledge", "acknowledge", "unacknowledge", "resolve"]),
        "until_ms": chance.choice([0, log.now_ms + 20_000]),
    }
    log.configure(f"alert_command/{number}", body)
