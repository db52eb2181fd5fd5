from pathlib import Path

import pytest
from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.builtin import GROUPS
from pulsemon_schemas.catalogue import metric
from unit.producers import golden


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_recorded_host_gives_exactly_the_expected_samples(case: Path) -> None:
    assert golden.outcome(case) == (case / "expected.txt").read_text()


def test_every_collector_has_a_case() -> None:
    assert {case.parent.name for case in golden.cases()} == {kind.name for kind in GROUPS} | {golden.ALL}


@pytest.mark.parametrize("kind", GROUPS, ids=lambda kind: kind.name)
def test_a_collector_fills_the_groups_that_it_is_switched_off_with(kind: type[Collector]) -> None:
    cases = [case for case in golden.cases() if case.parent.name == kind.name]
    sent = {line.partition("{")[0] for case in cases for line in (case / "expected.txt").read_text().splitlines()}

    assert {metric(name).group for name in sent if not name.startswith("#")} == set(GROUPS[kind])
