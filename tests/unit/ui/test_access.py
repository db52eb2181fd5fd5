from pathlib import Path

import pytest
from pulsemon_schemas.errors import AuthError, PermanentError, SettingsError
from pulsemon_ui.access import LINK_SECONDS, SESSION_SECONDS, Access, load_secret, make_link
from pulsemon_ui.settings import UiSettings, check


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def access_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "dashboard"


def test_the_secret_is_made_for_its_owner_alone_and_kept(access_file: Path) -> None:
    secret = load_secret(access_file)

    assert access_file.stat().st_mode & 0o777 == 0o600
    assert load_secret(access_file) == secret
    assert sorted(access_file.parent.iterdir()) == [access_file]


def test_a_secret_that_others_can_read_is_refused(access_file: Path) -> None:
    load_secret(access_file)
    access_file.chmod(0o644)

    with pytest.raises(PermanentError, match="chmod 600"):
        load_secret(access_file)


def test_a_short_secret_is_refused(access_file: Path) -> None:
    access_file.parent.mkdir()
    access_file.touch(mode=0o600)

    with pytest.raises(PermanentError, match="holds no secret"):
        load_secret(access_file)


def test_a_link_works_once_also_over_a_restart(access_file: Path) -> None:
    token = Access(access_file).issue_link()
    Access(access_file).exchange(token)

    with pytest.raises(AuthError, match="used before"):
        Access(access_file).exchange(token)


def test_a_session_survives_a_restart_and_ends(access_file: Path) -> None:
    clock = Clock()
    session = Access(access_file, clock).exchange(Access(access_file, clock).issue_link())

    Access(access_file, clock).check_session(session)
    clock.seconds += SESSION_SECONDS
    with pytest.raises(AuthError, match="ended"):
        Access(access_file, clock).check_session(session)


def test_a_link_ends(access_file: Path) -> None:
    clock = Clock()
    token = Access(access_file, clock).issue_link()
    clock.seconds += LINK_SECONDS

    with pytest.raises(AuthError, match="ended"):
        Access(access_file, clock).exchange(token)


def test_used_links_are_forgotten_once_they_could_not_be_used_anyway(access_file: Path) -> None:
    clock = Clock()
    access = Access(access_file, clock)
    access.exchange(access.issue_link())
    clock.seconds += LINK_SECONDS + 1
    access.exchange(access.issue_link())

    assert len(access_file.with_name("dashboard.used").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "spoil", [lambda token: "", lambda token: token + "0", lambda token: "x" + token, lambda token: "é.1.2"]
)
def test_a_token_that_was_not_issued_here_is_refused(access_file: Path, spoil: "type[str]") -> None:
    access = Access(access_file)

    with pytest.raises(AuthError, match="not issued here"):
        access.exchange(spoil(access.issue_link()))


def test_a_link_is_no_session_and_a_session_no_link(access_file: Path) -> None:
    access = Access(access_file)

    with pytest.raises(AuthError):
        access.check_session(access.issue_link())
    with pytest.raises(AuthError):
        access.exchange(access.issue_session())


def test_a_new_secret_ends_every_session(access_file: Path) -> None:
    session = Access(access_file).issue_session()
    access_file.unlink()

    with pytest.raises(AuthError):
        Access(access_file).check_session(session)


def test_a_link_leads_to_the_dashboard(access_file: Path) -> None:
    assert make_link(UiSettings(access_file, port=8599)).startswith("http://127.0.0.1:8599/open?token=")
    assert make_link(UiSettings(access_file, host="::1")).startswith("http://[::1]:8501/open?token=")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", ""])
def test_it_does_not_listen_beyond_this_machine(access_file: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="ssh -L"):
        check(UiSettings(access_file, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_listens_on_this_machine(access_file: Path, host: str) -> None:
    check(UiSettings(access_file, host=host))
