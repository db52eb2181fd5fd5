from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.builtin import GROUPS
from pulsemon_schemas.catalogue import METRICS, metric
from unit.producers import golden

TOLD_BY_THE_AGENT = {"system.clock.skew"}
"""Found out from the answers of a gateway: no collector sends it, and no recorded tree holds it."""


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_recorded_host_gives_exactly_the_expected_samples(case: Path) -> None:
    assert golden.outcome(case) == (case / "expected.txt").read_text()


def test_every_collector_has_a_case() -> None:
    assert {case.parent.name for case in golden.cases()} == {kind.name for kind in GROUPS} | {golden.ALL}


@pytest.mark.parametrize("kind", GROUPS, ids=lambda kind: kind.name)
def test_a_collector_fills_the_groups_that_it_is_switched_off_with(kind: type[Collector]) -> None:
    cases = [case for case in golden.cases() if case.parent.name == kind.name]

    assert {metric(name).group for case in cases for name in names_of(case)} == set(GROUPS[kind])


def test_every_metric_of_the_host_is_sent_in_some_case() -> None:
    groups = {group for own in GROUPS.values() for group in own}
    sent = {name for case in golden.cases() for name in names_of(case)} | TOLD_BY_THE_AGENT

    assert [one.name for one in METRICS if one.group in groups and one.name not in sent] == []


def names_of(case: Path) -> set[str]:
    lines = (case / "expected.txt").read_text().splitlines()
    return {line.partition("{")[0] for line in lines if not line.startswith("#")}
