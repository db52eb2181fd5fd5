import gc

import pytest
from pulsemon_stream_processors.collector_pause import collector_paused


def test_it_rests_until_the_last_one_is_done_and_passes_over_what_was_made() -> None:
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        made = [[number] for number in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(made)
    gc.unfreeze()


def test_a_failure_does_not_leave_it_off() -> None:
    with pytest.raises(ValueError, match="restore"), collector_paused():
        raise ValueError("restore")
    assert gc.isenabled()
    gc.unfreeze()
