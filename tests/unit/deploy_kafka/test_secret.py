import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulsemon_deploy.kafka.secret import ensure_secret, password, read_secret
from pulsemon_schemas.errors import PermanentError


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "kafka"
    secret = ensure_secret(path)

    assert len(secret) == 32
    assert ensure_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    assert ensure_secret(tmp_path / "a") != ensure_secret(tmp_path / "b")


def test_whoever_comes_first_makes_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ensure_secret, [tmp_path / "kafka"] * 8))) == 1


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kafka"
    ensure_secret(path)
    path.chmod(0o640)

    with pytest.raises(PermanentError, match=f"chmod 600 {path}"):
        read_secret(path)


@pytest.mark.parametrize("text", ["", "not hex", "abcd"])
def test_a_spoilt_secret_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kafka"
    path.touch(mode=0o600)
    path.write_text(text)

    with pytest.raises(PermanentError, match="64 hex digits"):
        read_secret(path)


def test_a_missing_secret_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="pulsemon up"):
        read_secret(tmp_path / "kafka")

    assert list(tmp_path.iterdir()) == []


def test_every_role_has_a_password_of_its_own() -> None:
    secret = bytes(32)
    passwords = {password(secret, role) for role in ("admin", "agent", "broker")}

    assert len(passwords) == 3
    assert password(secret, "agent") == password(secret, "agent")
    assert password(secret, "agent") != password(b"\1" * 32, "agent")
    assert all(secret.hex() not in each for each in passwords)
