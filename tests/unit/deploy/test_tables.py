import pytest
from pulsemon_deploy.cli.output import one_line, print_table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shop é 日本", "shop é 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("", ""),
    ],
)
def test_what_somebody_else_named_is_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_row_stays_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"name": "a\r\nb", "value": 1}, {"name": "c", "value": 20}])

    assert capsys.readouterr().out == "NAME    VALUE\na\\r\\nb      1\nc          20\n"
