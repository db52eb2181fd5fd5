from collections.abc import Mapping

from pulsemon_producers.collectors.base import Kind, Point
from pulsemon_producers.custom.exposition.limits import Chosen, Limits, choose
from pulsemon_producers.custom.exposition.page import parse_page

PAGE = """\
# TYPE slow histogram
slow_bucket{le="1"} 1
slow_bucket{le="+Inf"} 2
slow_sum 1.5
slow_count 2
# TYPE fast histogram
fast_bucket{le="1"} 1
fast_bucket{le="+Inf"} 2
fast_sum 1.5
fast_count 2
# TYPE up gauge
up NaN
"""


def chosen(page: str, samples: int = 1000, buckets: int = 500) -> Chosen:
    return choose(parse_page(page), Limits(samples, buckets), "custom.{}".format, lambda labels: {"app": "x", **labels})


def test_names_and_labels_are_mapped_and_kinds_kept() -> None:
    points = chosen('# TYPE jobs_total counter\njobs_total{q="a"} 3\nfree 1\n').points

    assert points == [
        Point(Kind.COUNTER, "custom.jobs_total", "app=x,q=a", 3.0),
        Point(Kind.GAUGE, "custom.free", "app=x", 1.0),
    ]


def test_buckets_of_a_histogram_come_all_or_not_and_sum_and_count_stay() -> None:
    found = chosen(PAGE, buckets=3)

    assert [point.name for point in found.points] == [
        *["custom.slow_bucket"] * 2,
        "custom.slow_sum",
        "custom.slow_count",
        "custom.fast_sum",
        "custom.fast_count",
    ]
    assert found.left_out == {"buckets": 2, "not_finite": 1}


def test_more_samples_than_the_limit_are_counted_not_sent() -> None:
    found = chosen("".join(f"a{number} 1\n" for number in range(10)), samples=4)

    assert len(found.points) == 4
    assert found.left_out == {"limit": 6}


def test_labels_that_are_too_long_or_too_many_are_counted_not_sent() -> None:
    def line(labels: Mapping[str, str]) -> str:
        return "a{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} 1\n"

    page = line({"x": "y" * 257}) + line({"x" * 257: "y"}) + line({f"k{number}": "v" for number in range(32)})
    found = chosen(page + line({"x": "y" * 256}))

    assert len(found.points) == 1
    assert found.left_out == {"labels": 3}
