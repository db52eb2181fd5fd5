"""The samples of a batch under the rules that judge them, each rule on its own."""

from collections.abc import Sequence
from copy import copy

from pulsemon_schemas.batch_head import BatchHead

from pulsemon_stream_processors.engine.alert import Evidence
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.counters import Counters
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.missing import Missing
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.no_data import NoData
from pulsemon_stream_processors.engine.plan import MAX_PLANS, MAX_WATCHES, Plan, make_plan
from pulsemon_stream_processors.engine.savepoint import Savepoint
from pulsemon_stream_processors.engine.server import Server

LATE_MS = 120_000
"""A batch that was sent so long after it was taken is late: both times are of one clock."""


class Judging:
    """A rule that fails at a series forgets its samples, is told, and is not tried there again before it is edited.

    An alert of the series stays as it was before. All other rules go on.
    """

    def __init__(
        self,
        time: LogTime,
        configuration: Configuration,
        journal: Journal,
        lifecycle: Lifecycle,
        no_data: NoData,
        counters: Counters,
    ) -> None:
        self._time = time
        self._configuration = configuration
        self._journal = journal
        self._lifecycle = lifecycle
        self._no_data = no_data
        self._counters = counters

    def judge(self, server: Server, head: BatchHead, offset: int, savepoint: Savepoint) -> None:
        """Feeds what is watched; ``savepoint`` keeps what a new plan changes before that."""
        names, labels = head.names, head.labels
        for plan in server.plans:
            if plan.names is names and plan.labels is labels:
                break
        else:
            plan = self._plan(server, names, labels, savepoint)
        late = head.sent_at_ms - head.recorded_at_ms > LATE_MS
        counters = self._counters
        counters.batches += 1
        counters.samples += head.sample_count
        counters.late_batches += late
        if not plan.watched and not plan.probed and not plan.wanted:
            return
        values = head.values()
        moment = Moment(head.recorded_at_ms, offset, self._time.elapsed_ms, late, head.producer_id, head.sequence)
        if plan.wanted:
            self._see(server, plan.wanted, moment, savepoint)
        self._judge_watches(server, plan, values, moment)
        if plan.probed:
            self._judge_joints(server, plan, values, moment)

    def _see(self, server: Server, wanted: Sequence[Missing], moment: Moment, savepoint: Savepoint) -> None:
        """Before all else, as it can be undone: series that are wanted are there."""
        if any(missing.alert is not None for missing in wanted):
            savepoint.keep(wanted)
        for missing in wanted:
            missing.see(moment, self._time.clock_ms)
            if missing.alert is not None:
                self._no_data.end(server, missing)

    def _judge_watches(self, server: Server, plan: Plan, values: Sequence[float], moment: Moment) -> None:
        for index, watch in plan.watched:
            value = values[index]
            if value - value != 0.0:  # NaN and infinite values are not judged
                continue
            try:
                evidence = watch.feed(value, moment)
                if evidence is not None:
                    self._advance(server, watch, moment, evidence)
            except UNREPEATABLE:
                raise
            except Exception as error:  # noqa: BLE001 - one rule that fails must not end the judging of all others
                self._fail(server, watch, error)

    def _judge_joints(self, server: Server, plan: Plan, values: Sequence[float], moment: Moment) -> None:
        """Composites are judged when all of a batch is known."""
        at_ms, offset = moment.at_ms, moment.offset
        for index, probe in plan.probed:
            value = values[index]
            if value - value == 0.0:
                probe.feed(value, at_ms, offset)
        for joint in plan.joints:
            try:
                evidence = joint.judge(moment)
                if evidence is not None:
                    self._advance(server, joint, moment, evidence)
            except UNREPEATABLE:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(server, joint, error)

    def _advance(self, server: Server, watch: Judged, moment: Moment, evidence: Evidence) -> None:
        if watch.is_amended:
            moment = moment._replace(at_ms=watch.last_ms, late=True)
        outputs = self._journal.outputs
        written, alert, was_open, ended = len(outputs), copy(watch.alert), dict(server.open), list(server.ended)
        try:
            self._lifecycle.advance(server, watch, moment, evidence)
        except Exception:
            del outputs[written:]
            watch.alert, server.open, server.ended = alert, was_open, ended
            watch.is_idle = alert is None
            raise

    def _plan(self, server: Server, names: tuple[str, ...], labels: tuple[str, ...], savepoint: Savepoint) -> Plan:
        for at, plan in enumerate(server.plans):
            if plan.names == names and plan.labels == labels:  # the same series, read from the bytes anew
                server.plans[at] = plan = plan._replace(names=names, labels=labels)
                return plan
        savepoint.keep_all()
        plan = make_plan(server.watches, server.profile, self._configuration, names, labels)
        server.plans = [plan, *server.plans[: MAX_PLANS - 1]]
        server.look_through()
        if plan.passed_over:
            facts = {"passed_over": plan.passed_over, "limit": MAX_WATCHES}
            self._journal.event("too_many_series", server.server_id, facts)
        return plan

    def _fail(self, server: Server, watch: Judged, error: Exception) -> None:
        watch.failed_version = watch.rule.version
        watch.begin_anew()
        server.plans.clear()
        problem = problem_of(error)
        self._counters.rule_failed(watch.rule.id, watch.rule.version, problem)
        facts = {
            "rule_id": watch.rule.id,
            "rule_version": watch.rule.version,
            "labels": watch.key.labels,
            "problem": problem,
        }
        self._journal.event("rule_error", server.server_id, facts)
