"""What the log and the metrics say of a rule that fails."""

import logging

import pytest
from pulsemon_stream_processors.engine.counters import Counters
from pulsemon_stream_processors.own_metrics import PREFIX, samples
from pulsemon_stream_processors.progress import Progress
from pulsemon_stream_processors.worker import tell_failing_rules


def test_each_version_of_a_rule_that_fails_is_told_once_and_every_error_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    progress = Progress()
    one = progress.of(2)
    counters = Counters()
    with caplog.at_level(logging.ERROR):
        for problem in ("KeyError: 'a'", "KeyError: 'b'"):
            counters.rule_failed("busy", 4, problem)
            tell_failing_rules(2, one, counters)
        restored = Counters()
        restored.rule_failed("busy", 4, "KeyError: 'c'")
        tell_failing_rules(2, one, restored)
        counters.rule_failed("busy", 9, "KeyError: 'd'")
        tell_failing_rules(2, one, counters)
    first, second = [record.getMessage() for record in caplog.records]
    assert "Partition 2: rule busy, version 4, has begun to fail: KeyError: 'a'." in first
    assert "version 9" in second
    assert [s.value for s in samples(progress, 15.0, 0) if s.name == f"{PREFIX}.rule_errors"] == [3.0]
