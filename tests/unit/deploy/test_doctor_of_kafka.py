"""What the doctor says about groups that are behind, and about refused records."""

from pathlib import Path

import pytest
from pulsemon_deploy.doctor import Verdict
from pulsemon_deploy.doctor.broker import judge_refused
from pulsemon_deploy.doctor.readers import Reading, judge
from pulsemon_deploy.group_lag import Lag
from pulsemon_deploy.refused_records import Refused

LOG = Path("sink.log")


METRICS, ALERTS = Reading("sink", "metrics"), Reading("sink-alerts", "alerts")
ROUNDS = Reading("processor", "metrics", commit_seconds=300.0)
NO_LAG = Lag(0, 0, 0.0)


@pytest.mark.parametrize(
    ("reading", "lag", "verdict", "words"),
    [
        (METRICS, NO_LAG, Verdict.OK, "metrics read to its end"),
        (METRICS, Lag(40, 0, 2.0), Verdict.OK, "metrics 40 records, 2 s behind"),
        (METRICS, Lag(10_001, 0, 5.0), Verdict.PROBLEM, "metrics 10,001 records, 5 s behind"),
        (METRICS, Lag(3, 0, 121.0), Verdict.PROBLEM, "metrics 3 records, 121 s behind"),
        (METRICS, Lag(3, 0, None), Verdict.OK, "metrics 3 records behind"),
        (METRICS, Lag(3, 5, 1.0), Verdict.PROBLEM, "lost records that had been read: 5 of metrics"),
        (ROUNDS, Lag(90_000, 0, 400.0), Verdict.OK, "90,000 records since its last round 400 s ago"),
        (ROUNDS, Lag(7, 0, 421.0), Verdict.PROBLEM, "metrics 7 records since its last round 421 s ago"),
        (ROUNDS, Lag(90_000, 0, None), Verdict.PROBLEM, "metrics 90,000 records"),
    ],
)
def test_a_group_may_be_so_far_behind(reading: Reading, lag: Lag, verdict: Verdict, words: str) -> None:
    finding = judge([(reading, lag)], LOG)
    assert finding.verdict is verdict
    assert words in finding.found
    assert bool(finding.advice) is (verdict is Verdict.PROBLEM)


def test_only_the_topics_that_are_late_are_a_problem() -> None:
    assert judge([(METRICS, NO_LAG), (ALERTS, Lag(1, 0, 130.0))], LOG).found == "alerts 1 records, 130 s behind"
    assert judge([(METRICS, NO_LAG), (ALERTS, NO_LAG)], LOG).found == "metrics read to its end; alerts read to its end"


def test_only_what_was_refused_lately_is_a_problem() -> None:
    assert judge_refused(Refused(0, 0, is_all=True), "t").found == "none"
    old = judge_refused(Refused(0, 6, is_all=True), "t")
    assert (old.verdict, old.found) == (Verdict.OK, "none within the hour; 6 of earlier hours or days are in t")
    new = judge_refused(Refused(2, 6, is_all=False), "t")
    assert new.verdict is Verdict.PROBLEM
    assert new.found.startswith("at least 2 records were refused within the hour")
    assert new.advice
