from pulsemon_deploy.bench.engine import Round, make_logs
from pulsemon_deploy.bench.judged_series import SERIES, due, series
from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.rules import default_rules, effective, parse_profile
from pulsemon_schemas.rules.resolve import by_rank


def test_a_host_has_180_series_of_which_two_thirds_are_labelled_and_more_than_half_judged() -> None:
    found = series()
    assert len(set(found)) == SERIES == 180
    assert sum(bool(labels) for _, labels in found) == 123
    ranked, profile = by_rank(default_rules()), parse_profile("host", {"role": "web"})
    assert 100 < sum(bool(effective(ranked, profile, name, parse_labels(labels))) for name, labels in found) <= 116


def test_series_come_at_their_intervals() -> None:
    found = series()
    assert due(found, 0) == found
    assert len(due(found, 1)) < len(due(found, 3)) < len(due(found, 6)) < len(found)
    assert ("system.cpu.busy", "") in due(found, 1)
    assert ("system.reboot_required", "") not in due(found, 6)


def test_a_round_measures_an_engine_in_which_every_default_rule_judges() -> None:
    figures = Round(make_logs(4)).measure()
    assert figures["samples_per_core_second"].value > 0
    assert 0 < figures["snapshot_bytes"].value < 8192
    parts = ("us_per_sample_reading_and_checking", "us_per_sample_judging_and_writing")
    assert abs(sum(figures[part].value for part in parts) - figures["us_per_sample"].value) < 1e-6
