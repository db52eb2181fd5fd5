"""Rules, routes and quiet times as files: each folder of ``linted`` is a case, with what is to be said of it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.config_files.plan import steps
from pulsemon_deploy.config_files.reading import read_folder
from pulsemon_deploy.config_files.toml_text import toml_text
from pulsemon_schemas.control import Fold
from pulsemon_schemas.records import ControlRecord

CASES = sorted(path for path in (Path(__file__).parent / "linted").iterdir() if path.is_dir())
NOW_MS = 1_795_000_000_000
_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), _TEXT)
_VALUES = st.recursive(_SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(_TEXT, inner)), max_leaves=8)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_said_by_line(case: Path) -> None:
    _, findings = read_folder(case, NOW_MS)
    assert [str(one).replace(f"{case}/", "") for one in findings] == json.loads((case / "expected.json").read_text())


def test_lint_ends_with_one_for_more_than_notes() -> None:
    by_name = {case.name: case for case in CASES}
    for name, exit_code in (("all_well", 0), ("unknown_metric", 0), ("no_runbook", 1), ("bad_toml", 1)):
        assert CliRunner().invoke(root, ["lint", str(by_name[name])]).exit_code == exit_code, name
    one_file = CliRunner().invoke(root, ["lint", str(by_name["bad_zone"] / "maintenance" / "sundays.toml"), "--json"])
    assert json.loads(one_file.stdout)[0]["line"] == 6


@given(st.dictionaries(_TEXT, _VALUES))
def test_what_is_written_is_read_as_the_same(body: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(body)) == body


def test_what_says_so_already_is_no_change(tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.name == "all_well")
    wanted, _ = read_folder(case, NOW_MS)
    fold = Fold()
    plan = steps(fold, wanted)
    assert [(one.word, one.kind.folder, one.entity_id) for one in plan] == [
        ("make", "maintenance", "sundays"),
        ("make", "rules", "fs"),
    ]
    for offset, one in enumerate(plan):
        body = json.dumps(one.body)
        fold.apply(offset, ControlRecord(one.kind.entity_type, one.entity_id, "put", -1, "c", "a", "", "", body))
    later, _ = read_folder(case, NOW_MS + 30 * 86_400_000)
    assert steps(fold, later) == [], "dates that come from a rule are the gateways' affair"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "fs.toml").write_text((case / "rules" / "fs.toml").read_text().replace("0.9", "0.95"))
    other, _ = read_folder(tmp_path, NOW_MS)
    (change,) = steps(fold, other)
    assert (change.word, change.fields, change.version) == ("change", ("levels",), 1)
    rules, quiet = other[0].kind, wanted[0].kind
    assert [one.word for one in steps(fold, [], [rules])] == ["end"]
    assert [one.entity_id for one in steps(fold, other, [rules, quiet])] == ["fs"]
