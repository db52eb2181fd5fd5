"""The rules in shadow that judge beside those in force: each where it would, if it were."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pulsemon_schemas.rules import Rule, ServerProfile, effective
from pulsemon_schemas.rules.resolve import by_rank
from pulsemon_schemas.rules.shadow import PREFIX, real


class Ranked(NamedTuple):
    """A rule in shadow, as it would be in force, and the rules that it would compete with, itself among them."""

    shadow: Rule
    real: Rule
    rivals: list[Rule]


class Shadows:
    """By the id that a rule has in shadow."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._ranked: Mapping[str, list[Ranked]] = {}

    def put(self, rule: Rule) -> None:
        """Takes a version; ``rank`` follows."""
        by_rank((rule,))
        self._rules[rule.id] = rule

    def end(self, rule_id: str) -> bool:
        """Ends the shadow of a rule, by the rule's own id. Whether there was one."""
        return self._rules.pop(f"{PREFIX}{rule_id}", None) is not None

    def get(self, rule_id: str) -> Rule | None:
        """The rule with this id in shadow."""
        return self._rules.get(rule_id)

    def rank(self, rules: Iterable[Rule]) -> None:
        """Puts them in order among the rules in force."""
        in_force = list(rules)
        ranked: dict[str, list[Ranked]] = defaultdict(list)
        for _, shadow in sorted(self._rules.items()):
            if not shadow.enabled:
                continue
            own = real(shadow)
            rivals = [one for one in in_force if one.enabled and one.id != own.id and one.family == own.family]
            found = Ranked(shadow, own, by_rank([*rivals, own]))
            for metric in dict.fromkeys(one.metric for one in own.all_series):
                ranked[metric].append(found)
        self._ranked = dict(ranked)

    def watches(self, metric: str) -> bool:
        """Whether any of them is about a metric."""
        return metric in self._ranked

    def add(self, found: dict[str, Rule], server: ServerProfile, metric: str, labels: Mapping[str, str]) -> None:
        """Adds those that judge a series, by their families."""
        for one in self._ranked.get(metric, ()):
            if effective(one.rivals, server, metric, labels).get(one.real.family) is one.real:
                found[one.shadow.family] = one.shadow
