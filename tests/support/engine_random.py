"""Random logs that hold everything an engine may meet; the same seed makes the same log."""

import random
from collections.abc import Callable
from typing import Any

from pulsemon_schemas.rules import default_records
from pulsemon_stream_processors.engine import PartitionEngine
from support.engine import Log, alerts, history, place

SERVERS = ("db-1", "web-1", "web-2")
METRICS = ("m.avg", "m.count", "m.last", "m.max", "m.min", "m.p50", "m.p95", "m.rate", "m.time_to")
FUNCTIONS = {metric: metric.removeprefix("m.") for metric in METRICS}
SCOPES: tuple[dict[str, Any], ...] = (
    {"kind": "global"},
    {"kind": "environment", "value": "production"},
    {"kind": "role", "value": "web"},
    {"kind": "labels", "labels": {"team": "shop"}},
    {"kind": "server", "value": "web-1"},
    {"kind": "instance", "value": "web-1", "labels": {"disk": "a"}},
)
NOBODY = ("no alert", "web-1")
WAITS = (0, 1, 5, 10, 10, 10, 10, 20, 60, 400)


class RandomLog:
    """Adds one random thing after another."""

    def __init__(self, seed: int, purges: bool = True) -> None:
        self.purges = purges
        self.random = random.Random(seed)
        self.log = Log()
        self.log.control = [record for record in default_records() if record.entity_id == "server_down"]
        for metric in METRICS:
            self.rule(metric)
        self.composite()
        self.missing()
        for server_id in SERVERS:
            self.server(server_id)
        self.log.tick()

    def grow(self, steps: int) -> Log:
        """Adds this many random steps."""
        actions: tuple[tuple[Callable[[], object], int], ...] = (
            (self.round, 60),
            (self.tick, 25),
            (self.late, 4),
            (self.again, 4),
            (self.old, 3),
            (self.restart, 2),
            (self.service, 3),
            (lambda: self.rule(self.random.choice(METRICS)), 4),
            (self.composite, 2),
            (self.missing, 1),
            (self.lost, 1),
            (lambda: self.server(self.random.choice(SERVERS)), 2),
            (self.command, 4),
            (self.quiet, 2),
            (self.garbage, 2),
            (self.hole, 1),
            (self.silence, 1),
        )
        for _ in range(steps):
            self.log.wait(self.random.choice(WAITS))
            self.random.choices([action for action, _ in actions], [weight for _, weight in actions])[0]()
        return self.log

    def round(self) -> None:
        """Most servers send a batch."""
        for server_id in SERVERS:
            if self.random.random() < 0.8:
                self.log.batch(self.values(), server_id)

    def values(self) -> dict[str, float]:
        found = {metric: self.value() for metric in METRICS if self.random.random() < 0.9}
        return found | {f"m.last|disk={disk}": self.value() for disk in "ab"}

    def value(self) -> float:
        return self.random.choice((0.0, 1.0, 5.0, 8.0, 9.0, 10.0, 11.0, 20.0, float("nan"), self.random.random() * 20))

    def tick(self) -> None:
        kind = self.random.random()
        if kind < 0.85:
            self.log.tick()
        elif kind < 0.95:
            self.log.tick(control_offset=self.random.randrange(len(self.log.control)))
        else:
            self.log.tick(control_topic_id="made anew", control_offset=0)

    def late(self) -> None:
        """A host was cut off and sends what it kept."""
        server_id = self.random.choice(SERVERS)
        for minutes in range(8, 2, -1):
            at_ms = self.log.now_ms - minutes * 60_000
            self.log.batch(self.values(), server_id, recorded_at_ms=at_ms, sent_at_ms=self.log.now_ms)

    def again(self) -> None:
        """A record is delivered once more."""
        record = self.random.choice(self.log.records)
        self.log.append(record.key, record.value)

    def old(self) -> None:
        server_id = self.random.choice(SERVERS)
        self.log.batch(self.values(), server_id, recorded_at_ms=self.log.now_ms - self.random.randrange(90_000))

    def restart(self) -> None:
        server_id = self.random.choice(SERVERS)
        self.log.batch(self.values(), server_id, producer_id=f"{server_id}-{len(self.log.records)}")

    def service(self) -> None:
        server_id = self.random.choice(SERVERS)
        self.log.batch({"shop.orders": 1}, server_id, source="service", producer_id=f"{server_id}-shop")

    def rule(self, metric: str) -> None:
        if self.random.random() < 0.1:
            self.log.configure(f"rule/{self.random.choice('abc')}.{metric}", {"metric": 1})
            return
        if self.random.random() < 0.1:
            self.log.configure(f"rule/{self.random.choice('abc')}.{metric}", None)
            return
        self.log.configure(f"rule/{self.random.choice('abc')}.{metric}", rule_body(self.random, metric))

    def lost(self) -> None:
        """A host that speaks, but not of its metrics."""
        server_id = self.random.choice(SERVERS)
        for _ in range(self.random.choice((3, 8, 34))):
            self.log.wait(10)
            self.log.batch({"m.other": 1}, server_id)
            self.log.tick()

    def missing(self) -> None:
        body = {
            "kind": "missing",
            "metric": "m.last",
            "by": self.random.choice(([], ["disk"])),
            "levels": {"warning": {"limit": 20}, "critical": {"limit": 60}},
            "scope": self.random.choice(SCOPES[:-1]),
        }
        self.log.configure(f"rule/{self.random.choice('ab')}.gone", body if self.random.random() < 0.9 else None)

    def composite(self) -> None:
        body = {"metric": 1} if self.random.random() < 0.1 else composite_body(self.random)
        self.log.configure(f"rule/{self.random.choice('abc')}.joint", body)

    def server(self, server_id: str) -> None:
        kind = self.random.random()
        body = {
            "environment": self.random.choice(("production", "test")),
            "role": self.random.choice(("web", "db")),
            "labels": {"team": self.random.choice(("shop", "search"))},
            "retired": kind < 0.1,
        }
        more = {"operation": "purged"} if kind > 0.95 and self.purges else {}
        self.log.configure(f"server/{server_id}", None if kind > 0.9 else body, **more)

    def command(self) -> None:
        """A command to an alert that there is."""
        engine = PartitionEngine(place(), history(self.log.control))
        found = [
            (event.alert_id, event.server_id) for record in self.log.records for event in alerts(engine.apply(record))
        ]
        alert_id, server_id = self.random.choice(found[-10:] or [NOBODY])
        body = {
            "alert_id": alert_id,
            "server_id": server_id,
            "command": self.random.choice(("acknowledge", "acknowledge", "unacknowledge", "resolve")),
            "until_ms": self.random.choice((0, self.log.now_ms + 60_000)),
        }
        self.log.configure(f"alert_command/{len(self.log.control)}", body)

    def quiet(self) -> None:
        start_ms = self.log.now_ms + self.random.choice((0, 60_000))
        body = {"scope": self.random.choice(SCOPES), "intervals": [[start_ms, start_ms + 120_000]]}
        self.log.configure(f"{self.random.choice(('silence', 'maintenance'))}/{self.random.choice('xy')}", body)

    def garbage(self) -> None:
        if self.random.random() < 0.5:
            self.log.append(b"web-1", self.random.randbytes(20))
        else:
            self.log.tick(key=b"forged")

    def silence(self) -> None:
        """Ticks alone, for long enough that hosts are down and series are gone."""
        for _ in range(self.random.choice((3, 8, 25))):
            self.log.wait(15)
            self.log.tick()

    def hole(self) -> None:
        self.log.wait(self.random.choice((100, 4000, 100_000)))
        self.log.tick()


def rule_body(chance: random.Random, metric: str) -> dict[str, Any]:
    """A random rule about a metric."""
    function = FUNCTIONS[metric]
    levels = {}
    for name, limit in (("info", 5.0), ("warning", 8.0), ("critical", 10.0)):
        if chance.random() < 0.7:
            levels[name] = {
                "limit": limit,
                "for_seconds": chance.choice((0, 0, 20, 60)),
                "recovery": chance.choice((limit, limit - 1, limit - 4)),
                "keep_firing_seconds": chance.choice((0, 0, 30)),
            }
    window: dict[str, Any] = {"function": function}
    if function != "last":
        window["seconds"] = chance.choice((60, 300))
    if function == "time_to":
        window |= chance.choice(({"target": 30.0}, {"target": 30.0, "guard": 1.5}))
    return {
        "metric": metric,
        "window": window,
        "levels": levels,
        "no_data": chance.choice(("unknown", "unknown", "keep", "ok", "alert")),
        "scope": chance.choice(SCOPES),
        "enabled": chance.random() < 0.9,
    }


EXPRESSIONS = ("a", "a and b", "a or b", "a and not b", "at_least(2, a, b, c)", "c and (a or b)")


def composite_body(chance: random.Random) -> dict[str, Any]:
    """A random composite of three conditions."""
    limits = {"info": 5.0, "warning": 8.0, "critical": 10.0}
    operands = {}
    for name in "abc":
        metric = chance.choice(METRICS)
        series = {key: rule_body(chance, metric)[key] for key in ("metric", "window")}
        over = chance.choice(({}, {}, {"over": "all"}, {"over": "at_least", "count": 2}))
        operands[name] = {**series, "limit": limits, "recovery": 4, **over}
        if chance.random() < 0.2:
            operands[name]["divide_by"] = {"metric": "m.last"}
    times = {"for_seconds": chance.choice((0, 0, 20)), "keep_firing_seconds": chance.choice((0, 0, 30))}
    by = chance.choice(([], [], ["disk"]))
    scopes = SCOPES if by else SCOPES[:-1]
    return {
        "kind": "composite",
        "family": chance.choice(("joint", "joint", "m.last")),
        "by": by,
        "when": chance.choice(EXPRESSIONS),
        "operands": operands,
        "levels": {name: times for name in limits if chance.random() < 0.7},
        "no_data": chance.choice(("unknown", "unknown", "keep", "ok", "alert")),
        "scope": chance.choice(scopes),
        "enabled": chance.random() < 0.9,
    }


def random_log(seed: int, steps: int = 60, purges: bool = True) -> Log:
    return RandomLog(seed, purges).grow(steps)
