from random import Random

from hypothesis import given
from hypothesis import strategies as st
from pulsemon_schemas.labels import canonical, parse

LABELS = st.dictionaries(st.text(st.sampled_from("ab,=\\ü\n"), min_size=1), st.text(st.sampled_from("ab,=\\ü\n")))


@given(LABELS)
def test_labels_come_back(labels: dict[str, str]) -> None:
    assert parse(canonical(labels)) == labels


@given(LABELS, st.randoms())
def test_the_order_in_which_labels_are_given_does_not_matter(labels: dict[str, str], random_: Random) -> None:
    shuffled = list(labels.items())
    random_.shuffle(shuffled)

    assert canonical(dict(shuffled)) == canonical(labels)


@given(st.text(st.sampled_from("ab,=\\")))
def test_what_is_parsed_is_written_so(text: str) -> None:
    try:
        labels = parse(text)
    except ValueError:
        return
    if list(labels) == sorted(labels):
        assert canonical(labels) == text
