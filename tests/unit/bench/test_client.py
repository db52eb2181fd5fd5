from pathlib import Path

from pulsemon_deploy.bench.client import IMPORTS, PEERS, prepare, us_per_call

OURS = {"bound_add_us", "bound_set_us", "count_us", "set_us", "observe_us", "timed_block_us"}


def test_every_call_of_ours_and_of_the_peers_can_be_measured(tmp_path: Path) -> None:
    with prepare(tmp_path, True) as rounds:
        assert set(rounds.calls) >= OURS
        assert {key.split(".")[1] for key in rounds.calls if key.startswith("peer.")} == set(PEERS)
        assert set(rounds.imports) == set(IMPORTS)
        assert all(us_per_call(call, 0.0001) > 0 for call in rounds.calls.values())
