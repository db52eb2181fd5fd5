import pytest
from pulsemon_schemas.labels import canonical, parse


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({}, ""),
        ({"device": "sda"}, "device=sda"),
        ({"direction": "read", "device": "sda"}, "device=sda,direction=read"),
        ({"mountpoint": "/a,b=c\\d"}, r"mountpoint=/a\,b\=c\\d"),
        ({"a=b": "", "a,b": "x"}, r"a\,b=x,a\=b="),
        ({"ort": "Köln", "Ort": "\n"}, "Ort=\n,ort=Köln"),
        ({"a": "\\"}, "a=\\\\"),
    ],
)
def test_labels_have_one_text(labels: dict[str, str], text: str) -> None:
    assert canonical(labels) == text
    assert parse(text) == labels


@pytest.mark.parametrize("text", ["a", "=b", "a=b,", "a=b,,c=d", "a=b,c", "a=b=c", "a=b\\", "a=\\b", ",", "a=1,a=2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"written as|twice|comma"):
        parse(text)


def test_a_label_needs_a_key() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        canonical({"": "x"})
