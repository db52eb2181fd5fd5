"""The configuration as the fleet engine needs it: rules for environments, silences, and where servers belong."""

from collections.abc import Mapping

from pulsemon_schemas.control import SERVER
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.defaults import RULE
from pulsemon_schemas.rules.environments import LABEL, environment_id
from pulsemon_schemas.rules.resolve import by_rank, effective_fleet
from pulsemon_schemas.rules.rule import FLEET

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
        self.authors: dict[str, str] = {}

    def take(self, change: Change) -> str:
        """Puts one change in force. Returns why it cannot be, "" if it is."""
        if change.entity_type != RULE:
            return self._base.take(change)
        try:
            self._take_rule(change)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - one record must not keep all later ones from being in force
            return problem_of(error)
        return ""

    def _take_rule(self, change: Change) -> None:
        rule, _ = change.read()
        if isinstance(rule, Rule):
            by_rank((rule,))  # a rule that has no rank must not come among the others
        before = self._rules.pop(change.entity_id, None)
        if isinstance(rule, Rule) and rule.kind == FLEET:
            self._rules[change.entity_id] = rule
        if before is not None or change.entity_id in self._rules:
            self.authors[change.entity_id] = change.author
            self._ranked = by_rank(self._rules.values())

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


def is_of_server(change: Change) -> bool:
    """Whether a change is about a server, and so in force when its partition says so."""
    return change.entity_type == SERVER


def labels_of(environment: str) -> dict[str, str]:
    """The labels of an environment's alerts."""
    return {LABEL: environment}
