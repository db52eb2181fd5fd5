"""Influx line protocol, case by case: a folder with the lines and what they are, ``bad N`` for a line that is none."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulsemon_producers.gateway.line_protocol import BadLine, Line, parse

CASES = sorted((Path(__file__).parent / "lines").iterdir())


def plain(line: Line | BadLine) -> Any:
    return f"bad {line.number}" if isinstance(line, BadLine) else list(line)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lines_are_what_they_are(case: Path) -> None:
    found = [plain(line) for line in parse((case / "in.lp").read_bytes().decode())]
    assert found == json.loads((case / "expected.json").read_text())


@given(st.text(alphabet='a,= \\\n"1i#\r\té', max_size=60))
def test_any_text_is_read_to_its_end_and_each_line_told_once(text: str) -> None:
    numbers = [line.number for line in parse(text)]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)


@pytest.mark.parametrize("piece", ["\\", "\\a", 'a="\\', "a,", "a=1,", '"', " "])
def test_hostile_lines_take_no_longer_than_others(piece: str) -> None:
    began = time.process_time()
    list(parse(f"m {piece * 100_000}"))
    list(parse(f"{piece * 100_000}"))
    assert time.process_time() - began < 2.0
