"""The configuration in force in one partition: a prefix of the control log, ready for questions."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from pulsemon_schemas.control import PURGED, SERVER
from pulsemon_schemas.rules import QuietPeriod, Rule, ServerProfile
from pulsemon_schemas.rules.quiet import MAINTENANCE
from pulsemon_schemas.rules.resolve import by_rank, effective, effective_absence
from pulsemon_schemas.rules.rule import ABSENCE, MISSING
from pulsemon_schemas.rules.shadow import ENTITY_TYPE as SHADOW
from pulsemon_schemas.rules.shadow import is_shadow

from pulsemon_stream_processors.engine.control_history import Change
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of
from pulsemon_stream_processors.engine.shadows import Shadows


class Configuration:
    """``revision`` changes whenever the rules do."""

    def __init__(self) -> None:
        self.revision = 0
        self.shortest_silence_ms = 0
        self.quiet: dict[str, QuietPeriod] = {}
        self._over_ms: dict[str, int] = {}
        self._rules: dict[str, Rule] = {}
        self._unreadable: dict[str, int] = {}
        self._shadows = Shadows()
        self._servers: dict[str, ServerProfile] = {}
        self._ranked: Mapping[str, list[Rule]] = {}
        self._ranked_absence: list[Rule] = []
        self._ranked_missing: list[Rule] = []
        self._is_ranked = True

    def take(self, change: Change) -> str:
        """Puts one change in force; ``rank`` follows the last one. Returns why it cannot be, "" if it is."""
        try:
            problem = self._take(change)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - one record must not keep all later ones from being in force
            problem = problem_of(error)
        if change.entity_type == "rule":
            self._note(change, problem)
        elif change.entity_type == SHADOW and problem:
            self._end(change)
        return problem

    def _take(self, change: Change) -> str:
        entity, problem = change.read()
        match entity:
            case Rule() as rule if is_shadow(rule.id):
                self._shadows.put(rule)
                self._is_ranked = False
            case Rule() as rule:
                by_rank((rule,))  # a rule that has no rank must not come among the others
                self._rules[rule.id] = rule
                self._is_ranked = False
            case ServerProfile() as profile:
                self._servers[profile.server_id] = profile
            case QuietPeriod() as period:
                self.quiet[period.name] = period
                self._over_ms[period.name] = max(until_ms for _, until_ms in period.intervals)
            case None:
                self._end(change)
        return problem

    def rank(self) -> None:
        """Puts the rules in order, if any of them changed."""
        if self._is_ranked:
            return
        self._is_ranked = True
        self.revision += 1
        ranked: dict[str, list[Rule]] = defaultdict(list)
        for rule in by_rank(rule for rule in self._rules.values() if rule.enabled):
            for metric in dict.fromkeys(one.metric for one in rule.all_series):
                ranked[metric].append(rule)
        self._ranked = dict(ranked)
        self._shadows.rank(self._rules.values())
        self._ranked_absence = by_rank(rule for rule in self._rules.values() if rule.enabled and rule.kind == ABSENCE)
        self._ranked_missing = by_rank(rule for rule in self._rules.values() if rule.enabled and rule.kind == MISSING)
        limits = [rule.stale_seconds for rule in self._ranked_absence]
        self.shortest_silence_ms = round(1000 * min(limits, default=0.0))

    def active(self, clock_ms: int) -> list[str]:
        """The silences and maintenances that hold now, sorted. The clock never goes back, so those that are over leave.

        Nobody ends a silence whose time has passed: without this each would cost time at every Tick for ever.
        """
        for name in [name for name, over_ms in self._over_ms.items() if over_ms <= clock_ms]:
            del self.quiet[name], self._over_ms[name]
        return sorted(name for name, one in self.quiet.items() if one.holds_at(clock_ms))

    def profile(self, server_id: str) -> ServerProfile | None:
        """What is known of a server; None if nobody registered it. The same object until it changes."""
        return self._servers.get(server_id)

    def watches(self, metric: str) -> bool:
        """Whether any rule is about a metric."""
        return metric in self._ranked or self._shadows.watches(metric)

    def rules_for(self, server: ServerProfile, metric: str, labels: Mapping[str, str]) -> dict[str, Rule]:
        """The rule of each family that judges a series, those in shadow among them."""
        found = effective(self._ranked.get(metric, ()), server, metric, labels)
        self._shadows.add(found, server, metric, labels)
        return found

    def rule(self, rule_id: str, server: ServerProfile) -> Rule | None:
        """The rule with this id, if it is for the server at all."""
        rule = self._rules.get(rule_id) or self._shadows.get(rule_id)
        return rule if rule is not None and rule.enabled and rule.scope.covers_server(server) else None

    def missing_rules(self, server: ServerProfile) -> list[Rule]:
        """The rules that look for any series of a metric, of each family the one that judges."""
        found = {rule.family: rule for rule in reversed(self._ranked_missing) if rule.scope.covers_server(server)}
        return [rule for _, rule in sorted(found.items()) if not rule.by and rule.levels]

    def missing_rule(self, server: ServerProfile, family: str, labels: Mapping[str, str]) -> Rule | None:
        """The rule of a family that looks for series with these labels."""
        for rule in self._ranked_missing:
            if rule.family == family and rule.scope.covers_server(server) and rule.scope.covers_series(labels):
                return rule
        return None

    def unreadable(self, rule_id: str) -> str:
        """What keeps a rule from judging, if its newest version cannot be read; else ""."""
        version = self._unreadable.get(rule_id)
        return "" if version is None else f"version {version} of rule {rule_id} cannot be read"

    def absence_rule(self, server: ServerProfile) -> Rule | None:
        """The rule that judges a server's silence."""
        return effective_absence(self._ranked_absence, server)

    def suppressors(
        self, server: ServerProfile, labels: Mapping[str, str], rule_id: str, level: str, time_ms: int
    ) -> tuple[str, ...]:
        """The silences and maintenances that keep an alert from paging, sorted."""
        if not self.quiet:
            return ()
        return tuple(
            sorted(
                period.name
                for period in self.quiet.values()
                if period.holds_at(time_ms) and period.covers(server, labels, rule_id, level)
            )
        )

    def in_maintenance(self, server: ServerProfile, time_ms: int) -> bool:
        """Whether the whole server is in maintenance."""
        return any(
            period.kind == MAINTENANCE
            and period.scope.kind != "instance"
            and not period.rule_id
            and not period.levels
            and period.holds_at(time_ms)
            and period.scope.covers_server(server)
            for period in self.quiet.values()
        )

    def _note(self, change: Change, problem: str) -> None:
        """A version that cannot be read ends the one before, as after a restart, which reads the newest alone."""
        if not problem:
            self._unreadable.pop(change.entity_id, None)
            return
        self._unreadable[change.entity_id] = change.offset
        if self._rules.pop(change.entity_id, None) is not None:
            self._is_ranked = False

    def _end(self, change: Change) -> None:
        name = f"{change.entity_type}/{change.entity_id}"
        self.quiet.pop(name, None)
        self._over_ms.pop(name, None)
        if change.entity_type == SERVER:
            if change.operation == PURGED:
                self._servers.pop(change.entity_id, None)
            else:
                known = self._servers.get(change.entity_id) or ServerProfile(change.entity_id)
                self._servers[change.entity_id] = replace(known, is_registered=True, is_retired=True)
        elif self._is_ended(change):
            self._is_ranked = False

    def _is_ended(self, change: Change) -> bool:
        """Ends a rule, in force or in shadow. Whether there was one."""
        if change.entity_type == SHADOW:
            return self._shadows.end(change.entity_id)
        return change.entity_type == "rule" and self._rules.pop(change.entity_id, None) is not None
