"""Which series a rule judges, among the other rules that are in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pulsemon_schemas.rules import Rule, ServerProfile, effective
from pulsemon_schemas.rules.resolve import by_rank

from pulsemon_stream_processors.engine.plan import label_map_of


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """``others`` are the rules in force beside it; ``profiles`` what is known of servers, by id."""

    rule: Rule
    others: tuple[Rule, ...] = ()
    profiles: Mapping[str, ServerProfile] = field(default_factory=dict)

    def ranked(self) -> list[Rule]:
        """The rules that may judge the same series, the narrowest first."""
        rules: Iterable[Rule] = (one for one in self.others if one.id != self.rule.id)
        same = [
            one for one in rules if (one.enabled, one.metric, one.family) == (True, self.rule.metric, self.rule.family)
        ]
        return by_rank([*same, self.rule])

    def servers(self) -> tuple[str, ...] | None:
        """The servers that it can be about; None if any can, also one that is not registered."""
        scope = self.rule.scope
        if scope.kind == "global":
            return None
        if scope.kind in {"server", "instance"}:
            return (scope.value,)
        return tuple(sorted(one.server_id for one in self.profiles.values() if scope.covers_server(one)))

    def label_map(self, server_id: str, labels: str, ranked: Iterable[Rule]) -> Mapping[str, str] | None:
        """The labels of a series that it judges; None for one that it does not."""
        profile = self.profiles.get(server_id) or ServerProfile(server_id)
        if profile.is_retired:
            return None
        found = label_map_of(labels)
        chosen = effective(ranked, profile, self.rule.metric, found).get(self.rule.family)
        return found if chosen is self.rule else None
