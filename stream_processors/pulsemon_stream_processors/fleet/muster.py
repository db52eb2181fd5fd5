"""How many servers the groups of rules have, and how many of them are healthy."""

from collections.abc import Iterable
from typing import NamedTuple

from pulsemon_schemas.labels import canonical
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.environments import group_name

from pulsemon_stream_processors.fleet.census import Count

ATTRIBUTES = ("environment", "region", "role")
UNCOUNTED = frozenset({"retired", "new"})
"""A retired server is gone, and one that has not spoken yet is not there. All others count, whatever their status."""


class Member(NamedTuple):
    """One server, as it was last counted."""

    profile: ServerProfile
    status: str


class Cohort(NamedTuple):
    """One group of one rule; ``labels`` are what its servers have in common, as one text."""

    rule_id: str
    labels: str

    @property
    def name(self) -> str:
        """Under which its alert stands."""
        return group_name(self.rule_id, self.labels)


class Muster:
    """Counts servers as they come, change and go. ``touched`` are the groups whose counts may be others now."""

    def __init__(self) -> None:
        self.touched: set[Cohort] = set()
        self._rules: tuple[Rule, ...] = ()
        self._members: dict[str, Member] = {}
        self._counts: dict[Cohort, Count] = {}

    def put(self, profile: ServerProfile, status: str) -> None:
        """What is known of a server now."""
        self.drop(profile.server_id)
        if status not in UNCOUNTED:
            member = self._members[profile.server_id] = Member(profile, status)
            self._add(member, 1)

    def drop(self, server_id: str) -> None:
        """A server counts no more."""
        member = self._members.pop(server_id, None)
        if member is not None:
            self._add(member, -1)

    def take_rules(self, rules: Iterable[Rule]) -> None:
        """Counts anew for these rules."""
        self.touched |= set(self._counts)
        self._rules = tuple(rules)
        self._counts = {}
        for member in self._members.values():
            self._add(member, 1)

    def count(self, cohort: Cohort) -> Count:
        """Of a group: all of its servers, and those that are healthy in the place of those that are silent."""
        return self._counts.get(cohort, Count())

    def _add(self, member: Member, by: int) -> None:
        for rule in self._rules:
            if not rule.scope.covers_server(member.profile):
                continue
            cohort = Cohort(rule.id, canonical(_common(rule.by, member.profile)))
            before = self.count(cohort)
            is_healthy = member.status in rule.healthy
            self._counts[cohort] = Count(before.servers + by, before.silent + by * is_healthy)
            self.touched.add(cohort)


def _common(by: Iterable[str], profile: ServerProfile) -> dict[str, str]:
    return {name: getattr(profile, name) if name in ATTRIBUTES else profile.labels.get(name, "") for name in by}
