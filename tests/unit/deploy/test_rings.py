"""The rings of the suite; and in CI a skip is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.rings import ring_of

TESTS = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("path", "ring"),
    [("tests/unit/deploy/test_x.py", "unit"), ("tests/e2e/test_y.py", "e2e"), ("tests/test_z.py", "other")],
)
def test_the_folder_decides(path: str, ring: str) -> None:
    assert ring_of(path) == ring


def run_skipping(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_skips.py").write_text(
        "import pytest\n\n\ndef test_fine():\n    pass\n\n\ndef test_skipped():\n    pytest.skip('no browser')\n"
    )
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "support.rings", str(folder)],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), **environ},
    )  # fmt: skip


def test_a_skip_is_a_failure_in_ci_alone(tmp_path: Path) -> None:
    at_home = run_skipping(tmp_path)
    assert at_home.returncode == 0, at_home.stdout
    in_ci = run_skipping(tmp_path, CI="true")
    assert in_ci.returncode == 1
    assert "test_skips.py::test_skipped: Skipped: no browser" in in_ci.stdout
    assert "1 passed, 1 skipped in" in in_ci.stdout.splitlines()[-1]
