from pathlib import Path

import pytest
from unit.producers.custom.exposition import pages


@pytest.mark.parametrize("case", pages.cases(), ids=lambda case: case.name)
def test_a_page_gives_exactly_the_expected_series(case: Path) -> None:
    assert pages.outcome(case) == (case / "expected.txt").read_text()


def test_a_case_whose_name_begins_with_bad_is_refused_and_no_other() -> None:
    refused = {case.name for case in pages.cases() if pages.outcome(case).startswith("error:")}

    assert refused == {case.name for case in pages.cases() if case.name.startswith("bad-")}
