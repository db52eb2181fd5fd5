"""Whatever a page holds, it is read as it was written or refused as a whole."""

import math
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from pulsemon_producers.collectors.base import label_text
from pulsemon_producers.custom.exposition.limits import Limits, choose
from pulsemon_producers.custom.exposition.page import ExpositionError, parse_page
from pulsemon_schemas.labels import canonical, parse

NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
KEYS = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SERIES = st.dictionaries(
    st.tuples(NAMES, st.frozensets(st.tuples(KEYS, TEXTS), max_size=4)), st.floats(allow_nan=False), max_size=8
)


def line(name: str, labels: Mapping[str, str], value: float) -> str:
    escaped = {key: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for key, text in labels.items()}
    body = ",".join(f'{key}="{text}"' for key, text in escaped.items())
    return f"{name}{{{body}}} {value!r}\n"


@given(SERIES)
def test_what_is_written_is_read_back(series: dict[tuple[str, frozenset[tuple[str, str]]], float]) -> None:
    written = {(name, tuple(sorted(dict(labels).items()))): value for (name, labels), value in series.items()}
    page = "".join(line(name, dict(labels), value) for (name, labels), value in written.items())

    found = {(one.sample.name, tuple(sorted(one.sample.labels.items()))): one.sample.value for one in parse_page(page)}

    assert found == written


@given(st.text(st.characters(codec="utf-8")) | st.from_regex(r"(#|[a-z{}\"=,\\ \n0-9.+-])*", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        series = parse_page(text)
    except ExpositionError:
        return
    for point in choose(series, Limits(1000, 1000), "custom.{}".format).points:
        assert math.isfinite(point.value)
        assert canonical(parse(point.labels)) == point.labels


@given(st.dictionaries(KEYS, TEXTS, max_size=4))
def test_labels_of_a_page_are_canonical_labels(labels: dict[str, str]) -> None:
    (one,) = parse_page(line("a", labels, 1.0))

    assert parse(label_text(one.sample.labels)) == labels
