"""A server under a configuration that changed: whose rule is gone, and who judges now."""

from collections.abc import Mapping

from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.rule import MISSING
from pulsemon_schemas.rules.status import ALIVE

from pulsemon_stream_processors.engine.absence import Absence
from pulsemon_stream_processors.engine.alert import EXPIRED
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.joint import Joint
from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.missing import Missing
from pulsemon_stream_processors.engine.plan import label_map_of, missing_key
from pulsemon_stream_processors.engine.server import Server

NOBODY: Mapping[str, str] = {}


class Adaptation:
    """Alerts are looked at where the change takes effect, at a Tick; series without one when their next batch comes."""

    def __init__(self, time: LogTime, configuration: Configuration, lifecycle: Lifecycle, absence: Absence) -> None:
        self._time = time
        self._configuration = configuration
        self._lifecycle = lifecycle
        self._absence = absence

    def is_due(self, server: Server) -> bool:
        """Whether the configuration is another one than the server was last brought up to."""
        configuration = self._configuration
        return server.revision != configuration.revision or server.registered is not configuration.profile(
            server.server_id
        )

    def adapt(self, server: Server, authors: Mapping[str, str] = NOBODY) -> None:
        """Brings a server up to the configuration. ``authors`` of the changes, by ``rule/id`` and ``server/id``."""
        if not self.is_due(server):
            return
        configuration = self._configuration
        registered = configuration.profile(server.server_id)
        server.revision = configuration.revision
        server.registered = registered
        server.profile = registered or ServerProfile(server.server_id)
        server.plans.clear()
        if server.profile.is_retired:
            self.end(server, "the server was retired", authors.get(f"server/{server.server_id}", ""))
            return
        concerned = {**server.open, **{watch.key: watch for watch in server.wanted if isinstance(watch, Missing)}}
        for key in sorted(concerned):
            self._adapt_watch(server, concerned[key], authors)
        self._look_for(server)
        rule = configuration.absence_rule(server.profile)
        judged_by = server.silence.rule or rule
        actor = authors.get(f"rule/{judged_by.id}", "") if judged_by else ""
        self._absence.take_rule(server, rule, actor, configuration.unreadable(judged_by.id) if judged_by else "")

    def end(self, server: Server, reason: str, actor: str) -> None:
        """Ends all alerts of a server that is judged no more."""
        for watch in [server.open[key] for key in sorted(server.open)]:
            self._lifecycle.expire(server, watch, reason, actor)
        self._absence.close(server, EXPIRED, reason, actor)
        server.silence.state = ALIVE
        server.watches = {}
        server.wanted = []

    def _adapt_watch(self, server: Server, watch: Judged, authors: Mapping[str, str]) -> None:
        key = watch.key
        rule = self._rule_of(server, watch)
        actor = authors.get(f"rule/{watch.rule.id}", "")
        if rule is not None and rule.levels and _goes_on(watch.rule, rule):
            watch.adopt(rule)
            if watch.alert is not None and rule.level(watch.alert.level) is None:
                self._lifecycle.expire(server, watch, f"the rule has no level {watch.alert.level} any more", actor)
            return
        unreadable = self._configuration.unreadable(watch.rule.id)
        if rule is None or not rule.levels:
            reason = unreadable or "its rule was deleted, disabled, or made for others"
        elif rule.id == watch.rule.id:
            reason = "the rule judges other series together now"
        else:
            reason = "; ".join(filter(None, (unreadable, f"rule {rule.id} judges this series now")))
            actor = actor or authors.get(f"rule/{rule.id}", "")
        self._lifecycle.expire(server, watch, reason, actor or authors.get(f"server/{server.server_id}", ""))
        del server.watches[key]

    def _look_for(self, server: Server) -> None:
        """Rules about any series of a metric begin to look for it before there is one."""
        for rule in self._configuration.missing_rules(server.profile):
            key, labels = missing_key(rule, rule.metric, {})
            if key not in server.watches:
                server.watches[key] = missing = Missing(key, labels, rule)
                missing.seen_ms, missing.seen_at_ms = self._time.elapsed_ms, self._time.clock_ms
        server.look_through()

    def _rule_of(self, server: Server, watch: Judged) -> Rule | None:
        """The rule that judges now; of a composite the first one found that judges a series which it reads."""
        configuration, profile, family = self._configuration, server.profile, watch.key.family
        if isinstance(watch, Missing):
            return configuration.missing_rule(profile, watch.key.family, watch.label_map)
        if not isinstance(watch, Joint):
            return configuration.rules_for(profile, watch.key.metric, watch.label_map).get(family)
        series = watch.read_series()
        if not series:
            return configuration.rule(watch.rule.id, profile)
        found = None
        for metric, labels in series:
            rule = configuration.rules_for(profile, metric, label_map_of(labels)).get(family)
            if rule is not None and rule.id == watch.rule.id:
                return rule
            found = found or rule
        return found


def _goes_on(before: Rule, after: Rule) -> bool:
    """Whether a rule takes the alert of another one over: as another version of itself about the same things."""
    if before.kind == MISSING and before.metric != after.metric:
        return False
    return (before.id, before.kind, before.by) == (after.id, after.kind, after.by)
