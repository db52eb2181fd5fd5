import logging

import pytest
from pulsemon_producers.admission import Admission, Sample
from pulsemon_producers.collectors.base import Kind, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.names import Names
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_schemas import catalogue

TICK_MS = 10_000
INTERVALS = metric_intervals_ms(catalogue.METRICS, TICK_MS)


@pytest.fixture
def admission() -> Admission:
    return Admission(catalogue.METRICS, INTERVALS)


def tick(number: int, boot_id: str = "boot") -> Tick:
    return Tick(number * TICK_MS, (number - 1) * TICK_MS if number else None, boot_id, INTERVALS)


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (gauge("system.cpu.unheard_of", 1), "the catalogue has no such metric"),
        (updown("system.cpu.busy", 1), "the catalogue says gauge, not updown"),
        (gauge("system.cpu.busy", 1, {"colour": "red"}), "no label colour=red"),
        (gauge("system.cpu.utilization", 1, {"cpu.mode": "lazy"}), "no label cpu.mode=lazy"),
        (gauge("custom.queue", 1), "the catalogue has no such metric"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused_counted_and_told_once(
    admission: Admission, point: Point, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    for number in range(3):
        samples, refused = admission.admit("cpu", tick(number), [point, gauge("system.cpu.busy", 0.5)])
        assert samples == [Sample("system.cpu.busy", "", 0.5)]
        assert refused == 1
    assert len(caplog.records) == 1
    assert reason in caplog.text


def test_collectors_of_others_use_names_of_their_own(admission: Admission) -> None:
    points = [gauge("custom.queue", 3, {"name": "mail"}), gauge("system.cpu.busy", 1)]

    assert admission.admit("mail", tick(0), points, names=Names.CUSTOM) == (
        [Sample("custom.queue", "name=mail", 3.0)],
        1,
    )


def test_a_metric_is_sent_at_its_own_interval_and_at_the_first_tick(admission: Admission) -> None:
    sent = {
        name: [
            number
            for number in range(352, 363)
            if admission.admit(
                "any",
                Tick(number * TICK_MS, None if number == 352 else (number - 1) * TICK_MS, "b", INTERVALS),
                [point],
            )[0]
        ]
        for name, point in {
            "10 s": gauge("system.cpu.busy", 1),
            "60 s": gauge("system.cpu.limit", 1),
            "3600 s": updown("system.cpu.logical.count", 1),
        }.items()
    }

    assert sent == {"10 s": list(range(352, 363)), "60 s": [352, 354, 360], "3600 s": [352, 360]}


def test_a_counter_that_fell_is_refused_once_and_starts_anew(admission: Admission) -> None:
    values = [100, 200, 50, 60]

    outcomes = [
        admission.admit("cpu", tick(number), [counter("system.cpu.interrupts", value)])
        for number, value in enumerate(values)
    ]

    assert [[sample.value for sample in samples] for samples, _ in outcomes] == [[100], [200], [], [60]]
    assert [refused for _, refused in outcomes] == [0, 0, 1, 0]


def test_a_counter_may_fall_with_a_new_boot_or_after_its_device_was_away(admission: Admission) -> None:
    interrupts = counter("system.cpu.interrupts", 100)
    admission.admit("cpu", tick(0), [interrupts])

    assert admission.admit("cpu", tick(1, "other"), [counter("system.cpu.interrupts", 5)])[1] == 0
    admission.admit("cpu", tick(2, "other"), [])
    assert admission.admit("cpu", tick(3, "other"), [counter("system.cpu.interrupts", 1)])[1] == 0


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (Names.OURS, ["system.cpu.busy"]),
        (Names.CUSTOM, ["custom.queue"]),
        (Names.MAPPED, ["custom.queue", "system.cpu.busy"]),
        (Names.SCRAPED, ["http_requests_total", "system.cpu.busy"]),
    ],
)
def test_which_names_a_collector_may_send_is_decided_by_where_it_comes_from(
    admission: Admission, names: Names, sent: list[str]
) -> None:
    points = [gauge(name, 1) for name in ("custom.queue", "http_requests_total", "system.cpu.busy", "system.made.up")]

    samples, refused = admission.admit("any", tick(0), points, names)

    assert ([sample.name for sample in samples], refused) == (sent, 4 - len(sent))


def test_counters_of_other_programs_may_start_anew(admission: Admission) -> None:
    for value in (10.0, 3.0):
        assert admission.admit("app", tick(0), [counter("requests_total", value)], Names.SCRAPED) == (
            [Sample("requests_total", "", value)],
            0,
        )
    assert admission.admit("mail", tick(0), [counter("custom.n", 10)], Names.CUSTOM)[1] == 0
    assert admission.admit("mail", tick(1), [counter("custom.n", 3)], Names.CUSTOM)[1] == 1


@pytest.mark.parametrize("labels", ["b=1,a=2", "=1", "a=1,a=2", "a"])
def test_labels_that_nobody_described_must_be_canonical(admission: Admission, labels: str) -> None:
    point = Point(Kind.GAUGE, "custom.queue", labels, 1.0)

    assert admission.admit("mail", tick(0), [point], Names.CUSTOM) == ([], 1)
