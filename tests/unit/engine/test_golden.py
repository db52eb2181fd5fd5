"""Small logs as folders: what goes in, and every byte's meaning that comes out. A new case needs no code."""

import json
from pathlib import Path

import pytest
from pulsemon_stream_processors.engine import FORMAT
from support.engine import apply_all
from support.engine_golden import cases, expected, read_log, restored, state_of, told

STATES = sorted(path for case in cases() for path in case.glob(f"state.v[{FORMAT - 1}{FORMAT}].json"))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_log_makes_what_is_expected(case: Path) -> None:
    assert told(read_log(case).outputs()) == expected(case)


@pytest.mark.parametrize("path", STATES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_state_of_this_format_and_the_one_before_goes_on_as_if_nothing_had_been(path: Path) -> None:
    log = read_log(path.parent)
    engine = restored(log, path)
    first = engine.cover + 1
    rest = [line for line in expected(path.parent) if json.loads(line)["offset"] >= first]
    assert told(apply_all(engine, log.records[first:])) == rest


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_state_that_is_kept_does_not_change_within_a_format(case: Path) -> None:
    assert state_of(read_log(case)) == (case / f"state.v{FORMAT}.json").read_text("utf-8")


def test_there_are_cases() -> None:
    assert len(cases()) >= 7
    assert len({path.name for path in STATES}) >= 1
