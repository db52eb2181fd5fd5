import logging
import pickle

import pytest
from pulsemon_schemas.runtime.secret import NO_SECRET, Secret


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")

    assert secret.reveal() == "hunter2"
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", "%s" % secret, f"{[secret]}"):  # noqa: UP031
        assert "hunter2" not in shown


def test_a_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("login with %s", Secret("hunter2"))

    assert "hunter2" not in caplog.text


def test_a_secret_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(Secret("hunter2")))

    assert isinstance(again, Secret)
    assert again.reveal() == "hunter2"


def test_no_secret_is_false() -> None:
    assert not NO_SECRET
