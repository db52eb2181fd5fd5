"""Which module comes with which extra: the map and pyproject.toml agree, and what is missing is told at the start."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from pulsemon_deploy.errors import MissingExtraError
from pulsemon_deploy.extras import EXTRAS, check_extras, missing_modules, needed_extras

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_an_extra_lists_the_distribution_of_its_module(module: str, extra: str) -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    distributions = {name.lower().replace("_", "-") for name in packages_distributions()[module]}
    assert any(line.lower().startswith(tuple(distributions)) for line in listed)


def test_here_everything_is_installed() -> None:
    assert missing_modules(EXTRAS.values()) == []
    check_extras(needs_local=True)


def test_a_module_that_replaced_itself_is_there() -> None:
    import faust

    assert faust.__name__ in EXTRAS
    assert missing_modules(["processor"]) == []


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("faust", "chdb"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        check_extras(needs_local=True)
    assert str(caught.value) == "this needs chdb, faust, which are not installed; run: pip install 'pulsemon[local]'"
    with pytest.raises(MissingExtraError, match=r"this needs faust, which is .* 'pulsemon\[processor\]'"):
        check_extras(needs_local=False)
    assert "local" not in needed_extras(needs_local=False)
