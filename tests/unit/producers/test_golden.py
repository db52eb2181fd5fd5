from pathlib import Path

import pytest
from unit.producers import golden


@pytest.mark.parametrize("case", golden.cases(), ids=lambda case: f"{case.parent.name}-{case.name}")
def test_recorded_host_gives_exactly_the_expected_samples(case: Path) -> None:
    assert golden.outcome(case) == (case / "expected.txt").read_text()


def test_every_collector_has_a_case() -> None:
    assert {case.parent.name for case in golden.cases()} == set(golden.COLLECTORS)
