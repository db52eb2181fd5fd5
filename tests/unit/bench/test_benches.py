import pytest
from pulsemon_deploy.bench.runner import BENCHES, load


@pytest.mark.parametrize("name", sorted(BENCHES))
def test_every_benchmark_can_be_loaded_and_measures_more_than_once(name: str) -> None:
    bench = load(name)
    assert bench.rounds >= bench.quick_rounds >= 1
    assert bench.packages
