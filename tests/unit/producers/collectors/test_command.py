import sys
import time

import pytest
from pulsemon_producers.collectors.command import run_command

SHOW = "import os; print(sorted(os.environ))"


def test_a_program_gets_nothing_of_the_agents_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEMON_KAFKA_PASSWORD", "secret")

    names = run_command([sys.executable, "-c", SHOW])

    assert "PULSEMON" not in names
    assert "'PATH'" in names


def test_one_that_fails_says_why() -> None:
    with pytest.raises(OSError, match="ended with 3: no bus"):
        run_command([sys.executable, "-c", "import sys; print('no bus', file=sys.stderr); sys.exit(3)"])


def test_one_that_is_missing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        run_command(["/nonexistent/systemctl"])


def test_one_that_hangs_is_ended() -> None:
    begun = time.monotonic()

    with pytest.raises(TimeoutError, match=r"took more than 0\.2 s and was ended"):
        run_command([sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.2)
    assert time.monotonic() - begun < 5
