"""The two logins, compared in constant time."""

import hmac
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.engine.errors import AUTHENTICATION_FAILED, EngineError
from pulsemon_deploy.clickhouse.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class Login:
    """Who speaks. A reader may only read the tables of the engine."""

    user: str
    is_reader: bool


class Logins:
    """Knows both users and their passwords."""

    def __init__(self, settings: EngineSettings) -> None:
        self._known = (
            (Login(settings.writer_user, is_reader=False), settings.writer_password.reveal().encode()),
            (Login(settings.reader_user, is_reader=True), settings.reader_password.reveal().encode()),
        )

    def verify(self, user: str, password: str) -> Login:
        """The login. EngineError 516 in the same time whichever of the two is wrong."""
        given_user, given = (value.encode("utf-8", "surrogateescape") for value in (user, password))
        found = None
        for login, wanted in self._known:
            is_user = hmac.compare_digest(login.user.encode(), given_user)
            if hmac.compare_digest(wanted, given) & is_user:
                found = login
        if found is None:
            raise EngineError(
                AUTHENTICATION_FAILED,
                f"{user}: Authentication failed: password is incorrect, or there is no user with such name. "
                "(AUTHENTICATION_FAILED)",
            )
        return found
