"""What a record about retention may say."""

import pytest
from pulsemon_sinks.retention.tiers import TIERS, body, days_of


@pytest.mark.parametrize("days", [2, 14, 36_500, None])
def test_what_is_said_is_understood(days: int | None) -> None:
    assert days_of(body(days)) == days


@pytest.mark.parametrize(
    "text",
    ['{"days": 1}', '{"days": 1.5}', '{"days": true}', '{"days": "9"}', "{}", "[]", "14", '{"days": 40000}', "x"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        days_of(text)


def test_batches_and_ticks_are_kept_as_long_as_the_samples() -> None:
    assert [one.table for one in TIERS["raw"]] == ["samples", "batches", "ticks"]
