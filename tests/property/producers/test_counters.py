from hypothesis import given
from hypothesis import strategies as st
from pulsemon_producers.collectors.counters import BITS_32, Reading, Unwrap, changes

TOTALS = st.dictionaries(
    st.sampled_from(["sda", "sdb", "sdc"]), st.fixed_dictionaries({"a": st.integers(0, 50), "b": st.integers(0, 50)})
)


@given(TOTALS, TOTALS, st.integers(-5, 20), st.booleans())
def test_a_change_is_never_negative_and_needs_two_readings_of_one_boot(
    before: dict[str, dict[str, int]], after: dict[str, dict[str, int]], seconds: int, is_one_boot: bool
) -> None:
    first = Reading(100.0, "boot", before)
    second = Reading(100.0 + seconds, "boot" if is_one_boot else "other", after)

    found = changes(first, second)

    assert changes(None, second) == {}
    assert found.keys() <= before.keys() & after.keys()
    for device, change in found.items():
        assert is_one_boot
        assert change.seconds == seconds > 0
        for name, growth in change.growth.items():
            assert growth == after[device][name] - before[device][name] >= 0


@given(st.lists(st.integers(0, BITS_32 // 5), max_size=40))
def test_a_total_of_32_bits_goes_on_growing(steps: list[int]) -> None:
    unwrap, total = Unwrap(), 0
    for step in steps:
        total += step
        assert unwrap.total("sda read.ms", total % BITS_32) == total
