import pytest
from pulsemon_deploy.bench.figures import Figure, Measurement, figures
from pulsemon_deploy.bench.report import Report
from pulsemon_deploy.bench.runner import BENCHES, load


def test_a_figure_is_the_median_with_its_spread() -> None:
    rounds = [{"rate": Measurement(value, "1/s")} for value in (30.0, 10.0, 20.0)]
    assert figures(rounds) == {"rate": Figure(20.0, "1/s", 10.0, 30.0)}


def test_a_report_is_one_object_with_all_that_others_rely_on() -> None:
    report = Report("sink", 2, {"rate": Figure(123456.789, "1/s", 1.0, 2.0)}, ["fastavro", "no-such-package"]).as_json()
    assert set(report) == {"name", "commit", "date", "machine", "versions", "rounds", "figures"}
    assert report["figures"] == {"rate": {"value": 123500.0, "unit": "1/s", "low": 1.0, "high": 2.0}}
    assert report["versions"]["fastavro"]
    assert report["versions"]["no-such-package"] == ""


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_loads(name: str) -> None:
    assert load(name).quick_rounds >= 2
