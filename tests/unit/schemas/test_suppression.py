import pytest
from pulsemon_schemas.rules.suppression import suppression_text, suppression_word

BOTH = ("alert/0123456789abcdef", "maintenance/move", "silence/night")


@pytest.mark.parametrize(
    ("names", "word", "text"),
    [
        ((), "", ""),
        (("silence/night",), "silenced", "silenced by silence/night"),
        (("alert/1f", "alert/2e"), "inhibited", "inhibited by alert/1f, alert/2e"),
        (BOTH, "silenced", "silenced by maintenance/move, silence/night, inhibited by alert/0123456789abcdef"),
    ],
)
def test_people_silence_and_alerts_inhibit(names: tuple[str, ...], word: str, text: str) -> None:
    assert (suppression_word(names), suppression_text(names)) == (word, text)


def test_ids_can_be_cut_to_what_commands_need() -> None:
    assert suppression_text(BOTH, 4) == "silenced by maintenance/move, silence/night, inhibited by alert/0123"
