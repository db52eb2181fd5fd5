from pulsemon_deploy.bench.engine import SAMPLES, Round, make_logs, series


def test_a_batch_has_48_series_of_which_23_are_labelled() -> None:
    found = series()
    assert len(set(found)) == SAMPLES == 48
    assert sum(bool(labels) for _, labels in found) == 23
    assert 23 / 48 >= 0.4


def test_a_round_measures_an_engine_in_which_every_default_rule_judges() -> None:
    figures = Round(make_logs(8)).measure()
    assert figures["samples_per_core_second"].value > 0
    assert 0 < figures["snapshot_bytes"].value < 4096
    parts = ("us_per_sample_reading_and_checking", "us_per_sample_judging_and_writing")
    assert abs(sum(figures[part].value for part in parts) - figures["us_per_sample"].value) < 1e-6
