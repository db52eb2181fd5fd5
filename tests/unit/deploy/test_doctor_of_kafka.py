"""What the doctor says about the sink's place in the log and about refused records."""

from pathlib import Path

import pytest
from pulsemon_deploy.doctor import Verdict
from pulsemon_deploy.doctor.broker import judge_lag, judge_refused
from pulsemon_deploy.refused_records import Refused

LOG = Path("sink.log")


@pytest.mark.parametrize(
    ("lag", "ahead", "verdict", "words"),
    [
        (0, 0, Verdict.OK, "0 batches behind"),
        (10_001, 0, Verdict.PROBLEM, "not stored yet"),
        (3, 5, Verdict.PROBLEM, "lost 5 batches"),
    ],
)
def test_a_sink_ahead_of_the_log_is_a_problem_too(lag: int, ahead: int, verdict: Verdict, words: str) -> None:
    finding = judge_lag(lag, ahead, LOG)
    assert finding.verdict is verdict
    assert words in finding.found
    assert bool(finding.advice) is (verdict is Verdict.PROBLEM)


def test_only_what_was_refused_lately_is_a_problem() -> None:
    assert judge_refused(Refused(0, 0, is_all=True), "t").found == "none"
    old = judge_refused(Refused(0, 6, is_all=True), "t")
    assert (old.verdict, old.found) == (Verdict.OK, "none within the hour; 6 of earlier hours or days are in t")
    new = judge_refused(Refused(2, 6, is_all=False), "t")
    assert new.verdict is Verdict.PROBLEM
    assert new.found.startswith("at least 2 records were refused within the hour")
    assert new.advice
