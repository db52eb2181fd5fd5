"""Small logs as folders: what goes in, and every byte's meaning that comes out. A new case needs no code."""

from pathlib import Path

import pytest
from support.engine_golden import cases, expected, read_log, told


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_log_makes_what_is_expected(case: Path) -> None:
    assert told(read_log(case).outputs()) == expected(case)


def test_there_are_cases() -> None:
    assert len(cases()) >= 7
