"""State colours can be told apart from the page and read on it, in both themes."""

import re
from pathlib import Path

import pulsemon_ui
import pytest
from pulsemon_ui.options import options

OPTIONS = options("127.0.0.1", 8501)
TEXTS = (
    "redTextColor",
    "orangeTextColor",
    "greenTextColor",
    "grayTextColor",
    "violetTextColor",
    "blueTextColor",
    "textColor",
)
FILLS = ("redColor", "orangeColor", "greenColor", "grayColor", "violetColor", "primaryColor")
ASSETS = Path(pulsemon_ui.__file__).parent / "components" / "assets"


def luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def colour(theme: str, name: str) -> str:
    return str(OPTIONS[f"theme.{theme}.{name}"])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
@pytest.mark.parametrize("name", TEXTS)
def test_words_are_readable(theme: str, ground: str, name: str) -> None:
    assert contrast(colour(theme, name), colour(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FILLS)
def test_fills_stand_out(theme: str, name: str) -> None:
    assert contrast(colour(theme, name), colour(theme, "backgroundColor")) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_on_the_hottest_tile_are_readable(theme: str) -> None:
    percent = int(re.findall(r"MOST_HEAT = (\d+)", (ASSETS / "fleet_grid.js").read_text())[0]) / 100
    pairs = [
        tuple(int(colour(theme, name)[place : place + 2], 16) for name in ("primaryColor", "backgroundColor"))
        for place in (1, 3, 5)
    ]
    hottest = "#" + "".join(f"{round(accent * percent + page * (1 - percent)):02X}" for accent, page in pairs)

    assert contrast(colour(theme, "textColor"), hottest) >= 4.5


@pytest.mark.parametrize("file", sorted(ASSETS.glob("*.js")), ids=lambda file: file.name)
def test_no_component_puts_text_in_as_markup(file: Path) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", file.read_text())
