"""The configuration as the fleet engine needs it: rules for environments, silences, and where servers belong."""

from collections.abc import Mapping

from pulsemon_schemas.control import SERVER
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.defaults import RULE
from pulsemon_schemas.rules.environments import LABEL, environment_id
from pulsemon_schemas.rules.resolve import by_rank, effective_fleet
from pulsemon_schemas.rules.rule import FLEET, GROUP

from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.control_history import Change
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of


class FleetConfiguration:
    """Servers are as of the control offset in force in their partition, all else as of the highest of all partitions.

    So a server is purged or moved here in the same place of its partition's log as there.
    """

    def __init__(self) -> None:
        self._base = Configuration()
        self._rules: dict[str, Rule] = {}
        self._ranked: list[Rule] = []
        self._unreadable: dict[str, int] = {}
        self.authors: dict[str, str] = {}

    def take(self, change: Change) -> str:
        """Puts one change in force. Returns why it cannot be, "" if it is."""
        if change.entity_type != RULE:
            return self._base.take(change)
        try:
            problem = self._take_rule(change)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - one record must not keep all later ones from being in force
            problem = problem_of(error)
        if problem:
            self._unreadable[change.entity_id] = change.offset
        else:
            self._unreadable.pop(change.entity_id, None)
        return problem

    def _take_rule(self, change: Change) -> str:
        rule, problem = change.read()
        if isinstance(rule, Rule):
            by_rank((rule,))  # a rule that has no rank must not come among the others
        before = self._rules.pop(change.entity_id, None)
        if isinstance(rule, Rule) and rule.kind in {FLEET, GROUP}:
            self._rules[change.entity_id] = rule
        if before is not None or change.entity_id in self._rules:
            self.authors[change.entity_id] = change.author
            self._ranked = by_rank(self._rules.values())
        return problem

    @property
    def group_rules(self) -> list[Rule]:
        """The rules about groups that judge, in the order of their ids."""
        rules = (rule for _, rule in sorted(self._rules.items()))
        return [rule for rule in rules if rule.kind == GROUP and rule.enabled and rule.levels]

    def group_rule(self, rule_id: str) -> Rule | None:
        """The rule with this id, if it is one about groups that judges."""
        rule = self._rules.get(rule_id)
        return rule if rule is not None and rule.kind == GROUP and rule.enabled and rule.levels else None

    def unreadable(self, rule_id: str) -> str:
        """What keeps a rule from judging, if its newest version cannot be read; else ""."""
        version = self._unreadable.get(rule_id)
        return "" if version is None else f"version {version} of rule {rule_id} cannot be read"

    def forget_past(self, clock_ms: int) -> None:
        """Silences and maintenances whose time has passed leave."""
        self._base.active(clock_ms)

    def profile(self, server_id: str) -> ServerProfile:
        """What is known of a server."""
        return self._base.profile(server_id) or ServerProfile(server_id)

    def rule(self, environment: str) -> Rule | None:
        """The rule that judges an environment."""
        return effective_fleet(self._ranked, environment)

    def suppressors(
        self, environment: str, labels: Mapping[str, str], rule: Rule, level: str, time_ms: int
    ) -> tuple[str, ...]:
        """The silences and maintenances that keep an environment's alert from paging, sorted."""
        place = ServerProfile(environment_id(environment), environment=environment)
        return self._base.suppressors(place, labels, rule.id, level, time_ms)


def is_of_rule(change: Change) -> bool:
    """Whether a change is about a rule."""
    return change.entity_type == RULE


def is_of_server(change: Change) -> bool:
    """Whether a change is about a server, and so in force when its partition says so."""
    return change.entity_type == SERVER


def labels_of(environment: str) -> dict[str, str]:
    """The labels of an environment's alerts."""
    return {LABEL: environment}
