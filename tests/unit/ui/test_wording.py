import pytest
from pulsemon_ui.view_models.wording import NONE, count_text, duration_text, scale_for, value_text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.934, "1", "93%"),
        (0.0614, "1", "6.1%"),
        (0.9996, "1", "100%"),
        (2.82e9, "By/s", "2.82 GB/s"),
        (512, "By", "512 B"),
        (0.0047, "s", "4.70 ms"),
        (12.0, "s", "12.0 s"),
        (90_000.0, "s", "25 h 00 min"),
        (17.13, "{thread}", "17.1"),
        (123_456.0, "/s", "123 k/s"),
        (0.0, "By/s", "0 B/s"),
        (None, "1", NONE),
        (float("nan"), "1", NONE),
    ],
)
def test_values_are_read_with_their_units(value: float | None, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (89, "89 s"), (90, "1 min"), (3599, "59 min"), (11_760, "3 h 16 min"), (200_000, "2 d 7 h")],
)
def test_durations_are_read_in_two_units_at_most(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_one_scale_fits_a_whole_axis() -> None:
    scale = scale_for("By/s", 3.4e6)

    assert scale.unit == "MB/s"
    assert 3.4e6 * scale.factor == pytest.approx(3.4)


def test_one_thing_is_not_many() -> None:
    assert (count_text(1, "server"), count_text(2, "server")) == ("1 server", "2 servers")
