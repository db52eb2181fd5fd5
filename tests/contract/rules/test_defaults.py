"""The default rules: valid, about metrics that are collected, with a runbook, and what the thresholds' page says."""

import json
import re
from pathlib import Path

import pytest
from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.control import Fold
from pulsemon_schemas.rules import default_records, default_rules, effective, parse_profile, parse_rule, rule_body
from pulsemon_schemas.rules.default_roles import role_bodies
from pulsemon_schemas.rules.defaults import GROUPS, RUNBOOKS, default_bodies, default_groups
from pulsemon_schemas.rules.resolve import by_rank, effective_absence
from pulsemon_schemas.rules.rule import ABSENCE, COMPOSITE, FLEET, Level, Rule

RULES = {rule.id: rule for rule in default_rules()}
FOR_ALL = [rule for rule in RULES.values() if rule.scope.kind == "global"]
JUDGING = [rule for rule in RULES.values() if rule.levels]
RANKED = by_rank(RULES.values())
PAGE = (Path(__file__).parents[3] / RUNBOOKS).read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n+(.+?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROLES = ("ci", "batch", "desktop", "database", "gateway")

WITHOUT_RECOVERY = {"link_slower", "clock_unsync", "raid_degraded", "notify_failed", "server_down", "process_down"}
"""Over as soon as the limit is not crossed: the page names no other value, or the same one."""


def by_id(rule: Rule) -> str:
    return rule.id


def test_they_are_those_of_the_page_and_of_the_pipeline() -> None:
    assert [rule.id for rule in FOR_ALL] == [
        "cpu_busy", "cpu_saturated", "cpu_iowait", "cpu_steal", "load",
        "mem_available", "mem_pressure", "oom_kill", "major_faults", "swap_used", "swap_thrash", "hw_corrupted",
        "ecc_uncorrectable",
        "fs_space", "fs_forecast_slow", "fs_forecast_fast", "fs_inodes", "fs_readonly", "fs_error",
        "disk_await", "disk_queue", "disk_busy", "io_pressure",
        "net_errors", "net_drops", "net_saturation", "link_down", "link_slower", "tcp_listen_overflow", "tcp_retrans",
        "conntrack", "tcp_orphans",
        "fd_system", "fd_process", "pids", "zombies", "blocked", "process_down",
        "service_failed", "service_crashloop", "cgroup_memory", "cgroup_cpu", "cgroup_throttle",
        "temperature", "raid_degraded", "battery", "clock_skew", "clock_unsync", "reboot", "reboot_required",
        "server_down", "fleet_silent", "agent_buffer", "agent_drops", "collector_failing",
        "processor_lag", "sink_lag", "dead_letters", "processor_dead_letters", "rule_errors", "notify_failed",
        "store_parts", "store_delayed_inserts", "store_rejected_inserts",
    ]  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=by_id)
def test_each_is_about_metrics_and_labels_of_the_catalogue(rule: Rule) -> None:
    assert rule.all_series or rule.kind in {ABSENCE, FLEET}
    for series in rule.all_series:
        attributes = metric(series.metric).attributes
        for key, value in series.match.items():
            assert value in attributes[key]
        assert set(rule.by) <= set(attributes)


def test_what_they_judge_is_sent_unless_somebody_switches_it_off() -> None:
    assert [one.metric for rule in FOR_ALL for one in rule.all_series if not metric(one.metric).default_on] == []


@pytest.mark.parametrize("rule", JUDGING, ids=by_id)
def test_each_says_what_is_wrong_whose_it_is_and_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z][^.]{8,70}", rule.summary)
    assert rule.owner == "pulsemon"
    page, _, anchor = rule.runbook.partition("#")
    assert page == RUNBOOKS
    assert anchor == rule.id.partition(".")[0]
    assert "`" in SECTIONS[anchor], "no command to look with"


def test_no_runbook_is_about_a_rule_that_is_not_there() -> None:
    assert list(SECTIONS) == [rule.id for rule in FOR_ALL]


@pytest.mark.parametrize("rule", [one for one in JUDGING if one.kind not in {ABSENCE, FLEET}], ids=by_id)
def test_each_level_is_left_at_another_value_than_it_is_entered(rule: Rule) -> None:
    """By its lead; of a composite whose lead is only told, by any condition that keeps it."""
    if rule.id.partition(".")[0] in WITHOUT_RECOVERY:
        return
    for level in rule.levels:
        apart = level.recovery is not None and (level.recovery != level.limit or rule.operator in {">", "<"})
        steps = [one.recoveries.get(level.name) != one.limits.get(level.name) for one in rule.operands]
        assert apart or any(steps), level


@pytest.mark.parametrize(("name", "level_name", "expected"), [
    ("cpu_busy", "info", (0.85, 600, 0.75, 300)),
    ("cpu_saturated", "warning", (0.9, 600, 0.8, 300)),
    ("cpu_saturated", "critical", (0.95, 900, 0.8, 300)),
    ("cpu_iowait", "warning", (0.3, 600, 0.15, 600)),
    ("cpu_steal", "critical", (0.25, 600, 0.15, 600)),
    ("load", "critical", (4, 900, 3, 300)),
    ("mem_available", "warning", (0.1, 300, 0.15, 300)),
    ("mem_available", "critical", (0.05, 120, 0.1, 300)),
    ("mem_pressure", "critical", (0.2, 120, 0.1, 300)),
    ("oom_kill", "critical", (3, 0, 0, 0)),
    ("major_faults", "warning", (500, 900, 250, 300)),
    ("swap_used", "info", (0.8, 300, 0.7, 300)),
    ("swap_thrash", "warning", (200, 180, 100, 300)),
    ("hw_corrupted", "critical", (0, 0, -1, 0)),
    ("fs_space", "warning", (0.85, 300, 0.8, 600)),
    ("fs_space", "critical", (0.95, 300, 0.9, 600)),
    ("fs_forecast_slow", "warning", (86400, 1800, 129600, 3600)),
    ("fs_forecast_fast", "critical", (7200, 600, 14400, 1800)),
    ("fs_inodes", "critical", (0.95, 900, 0.9, 600)),
    ("disk_await", "critical", (0.2, 900, 0.1, 600)),
    ("disk_queue", "warning", (10, 1800, 5, 600)),
    ("disk_busy", "info", (0.95, 900, 0.7, 600)),
    ("io_pressure", "critical", (0.4, 300, 0.2, 300)),
    ("net_errors", "warning", (0.01, 900, 0.001, 900)),
    ("net_drops", "warning", (0.02, 600, 0.005, 1800)),
    ("net_saturation", "warning", (0.9, 0, 0.85, 300)),
    ("tcp_listen_overflow", "critical", (300, 300, 0, 600)),
    ("tcp_retrans", "warning", (0.03, 600, 0.01, 600)),
    ("conntrack", "critical", (0.95, 300, 0.9, 300)),
    ("tcp_orphans", "critical", (0.5, 300, 0.25, 300)),
    ("fd_system", "critical", (0.9, 900, 0.85, 300)),
    ("fd_process", "critical", (0.95, 300, 0.85, 300)),
    ("pids", "critical", (0.95, 300, 0.9, 300)),
    ("zombies", "warning", (20, 900, 5, 900)),
    ("service_failed", "warning", (1, 300, 0, 0)),
    ("service_crashloop", "warning", (2, 900, 0, 900)),
    ("cgroup_memory", "critical", (0.98, 120, 0.9, 300)),
    ("cgroup_cpu", "warning", (0.95, 600, 0.85, 300)),
    ("cgroup_throttle", "warning", (0.25, 900, 0.1, 600)),
    ("battery", "critical", (0.1, 60, 0.15, 0)),
    ("clock_skew", "warning", (2, 300, 1, 600)),
    ("agent_buffer", "critical", (900, 120, 10, 0)),
    ("agent_drops", "warning", (0, 0, 0, 1800)),
    ("processor_lag", "critical", (120, 120, 60, 120)),
    ("sink_lag", "warning", (30, 120, 10, 120)),
    ("dead_letters", "critical", (100, 0, 0, 1800)),
    ("store_parts", "warning", (300, 60, 200, 300)),
    ("fleet_silent", "critical", (0.5, 60, 0.2, 0)),
])  # fmt: skip
def test_a_level_has_the_numbers_of_the_page(
    name: str, level_name: str, expected: tuple[float, float, float, float]
) -> None:
    found = RULES[name].level(level_name)
    assert isinstance(found, Level)
    assert (found.limit, found.for_seconds, found.recovery, found.keep_firing_seconds) == expected


def test_what_is_only_told_has_no_other_level() -> None:
    told = {"cpu_busy", "swap_used", "disk_busy", "link_slower", "reboot", "reboot_required", "collector_failing"}
    assert {rule.id for rule in FOR_ALL if [level.name for level in rule.levels] == ["info"]} == told | {"clock_unsync"}


def test_a_server_is_stale_after_30_and_down_after_90_seconds() -> None:
    rule = RULES["server_down"]
    assert rule.stale_seconds == 30
    assert [(level.name, level.limit) for level in rule.levels] == [("warning", 90), ("critical", 300)]


def test_what_is_only_a_recommendation_is_off() -> None:
    assert [rule.id for rule in RULES.values() if not rule.enabled] == ["clock_unsync", "clock_unsync.desktop"]


def test_what_counts_is_known_from_the_catalogue() -> None:
    assert RULES["major_faults"].window.is_counter
    assert not RULES["cpu_busy"].window.is_counter
    assert not RULES["link_slower"].window.is_counter


def of_role(role: str, rule_id: str) -> Rule | None:
    """The rule that judges what a rule is about, on servers of a role."""
    rule, profile = RULES[rule_id], parse_profile("s", {"role": role})
    if rule.kind == ABSENCE:
        return effective_absence(RANKED, profile)
    labels = dict.fromkeys(rule.by, "x") | dict(rule.match)
    return effective(RANKED, profile, rule.metric, labels).get(rule.family)


@pytest.mark.parametrize("role", ["ci", "batch"])
def test_what_builds_and_computes_is_told_that_it_is_busy(role: str) -> None:
    for rule_id in ("cpu_busy", "cpu_saturated", "cpu_iowait", "cpu_steal", "load"):
        found = of_role(role, rule_id)
        assert found is not None
        assert [level.name for level in found.levels] == ["info"]
    assert of_role(role, "mem_available") is RULES["mem_available"]


@pytest.mark.parametrize(
    ("role", "rule_ids"),
    [
        ("database", ["fs_space", "fs_inodes", "disk_await", "swap_used", "swap_thrash"]),
        ("gateway", ["net_errors", "net_drops", "net_saturation", "conntrack"]),
    ],
)
def test_some_roles_have_stricter_limits(role: str, rule_ids: list[str]) -> None:
    for rule_id in rule_ids:
        usual, found = RULES[rule_id], of_role(role, rule_id)
        assert found is not None
        assert found.id == f"{rule_id}.{role}"
        for mine, other in zip(found.levels, usual.levels, strict=True):
            assert (mine.name, mine.for_seconds) == (other.name, other.for_seconds)
            assert mine.limit < other.limit
            assert mine.recovery is not None
            assert mine.recovery < mine.limit
    assert {rule.id for rule in RULES.values() if rule.scope.value == role} == {f"{one}.{role}" for one in rule_ids}


def test_a_desktop_is_judged_by_disks_heat_and_lack_of_memory_alone() -> None:
    judging = set()
    for rule in FOR_ALL:
        if rule.kind == FLEET or default_groups()[rule.id] == "pipeline":
            continue
        found = of_role("desktop", rule.id)
        if found is not None and found.levels:
            judging.add(rule.id)
    assert judging == {
        *("fs_space", "fs_forecast_slow", "fs_forecast_fast", "fs_inodes", "fs_readonly", "fs_error"),
        *("temperature", "oom_kill"),
    }


def test_servers_of_no_role_have_the_rules_for_all() -> None:
    assert {rule.scope.value for rule in RULES.values()} == {"", *ROLES}
    for rule in FOR_ALL:
        if rule.kind != FLEET and rule.enabled:
            assert of_role("web", rule.id) is rule


def test_a_role_may_not_name_what_is_no_rule() -> None:
    with pytest.raises(ValueError, match="is no default rule about hosts: fs_spaec"):
        list(role_bodies("web", {"fs_spaec": {}}, default_bodies()))


def test_every_rule_is_of_a_group() -> None:
    assert set(default_groups()) == set(RULES)
    assert set(default_groups().values()) == set(GROUPS)


def test_bodies_are_the_callers_own() -> None:
    default_bodies()["fs_space"]["operands"]["used"]["limit"]["warning"] = 0.1
    assert default_bodies()["fs_space"]["operands"]["used"]["limit"]["warning"] == 0.85


@pytest.mark.parametrize("rule", RULES.values(), ids=by_id)
def test_a_body_says_the_same_rule_again(rule: Rule) -> None:
    assert parse_rule(rule.id, json.loads(json.dumps(rule_body(rule)))) == rule


def test_their_records_are_put_once() -> None:
    fold = Fold()
    records = default_records()
    first = [fold.apply(offset, record) for offset, record in enumerate(records)]
    again = [fold.apply(len(records) + offset, record) for offset, record in enumerate(default_records())]
    assert all(not verdict.void for verdict in first)
    assert all(verdict.void for verdict in again)
    assert set(fold.entities("rule")) == set(RULES)


def test_composites_are_for_what_one_series_cannot_say() -> None:
    assert any(rule.kind == COMPOSITE for rule in FOR_ALL)
    assert all(rule.operands[0].divide_by for rule in FOR_ALL if len(rule.operands) == 1)
