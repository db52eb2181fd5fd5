"""Whoever is asked, whenever and however: values are a function of the time alone, possible, and counted upwards."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.signals import Signals
from pulsemon_schemas.catalogue import metric

FLEET = fleet(50, seed=1)
# 2024 to 2030
seconds = st.integers(min_value=1_704_067_200, max_value=1_893_456_000)
steps = st.lists(st.integers(min_value=1, max_value=900), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(index=st.integers(0, len(FLEET) - 1), start=seconds, steps=steps)
def test_values_do_not_depend_on_what_else_is_asked(index: int, start: int, steps: list[int]) -> None:
    times = start + np.cumsum(np.array([0, *steps], dtype=np.int64))
    end = int(times[-1])
    wide = Signals(1, FLEET[index], start - 7200, end + 7200)
    narrow = Signals(1, FLEET[index], start, end)
    together = narrow.table(times)
    for column, at in enumerate(times):
        np.testing.assert_array_equal(wide.table(np.array([at])).values[:, 0], together.values[:, column])


@settings(max_examples=60, deadline=None)
@given(index=st.integers(0, len(FLEET) - 1), start=seconds, steps=steps)
def test_counters_rise_until_the_boot_and_shares_stay_shares(index: int, start: int, steps: list[int]) -> None:
    times = start + np.cumsum(np.array([0, *steps], dtype=np.int64))
    table = Signals(1, FLEET[index], start, int(times[-1])).table(times)
    assert np.isfinite(table.values).all()
    assert (table.values >= 0).all()
    has_booted = (np.diff(table.values[table.names.index("system.uptime")]) < 0).any()
    for name, values in zip(table.names, table.values, strict=True):
        if metric(name).unit == "1" and name != "system.load.per_cpu":
            assert values.max() <= 1, name
        if metric(name).is_counter and not has_booted:
            assert (np.diff(values) >= 0).all(), name
