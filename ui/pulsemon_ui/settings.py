"""Where the dashboard listens and what its one-time links are made with."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from pulsemon_schemas.errors import SettingsError

ENVIRONMENT_PREFIX = "PULSEMON_UI_"


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The dashboard of one machine. ``access_file`` holds the secret of the links; it is made if it is missing."""

    access_file: Path
    host: str = "127.0.0.1"
    port: int = 8501

    @property
    def origin(self) -> str:
        """What stands before the paths of its pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def check(settings: UiSettings) -> None:
    """SettingsError unless the host is this machine alone: one-time links are no sign-in for a network."""
    if settings.host == "localhost":
        return
    try:
        is_loopback = ip_address(settings.host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        problem = (
            f"PULSEMON_UI_HOST is {settings.host!r}, but the dashboard only listens on this machine; "
            "set it to 127.0.0.1 and reach it by ssh -L"
        )
        raise SettingsError([problem])
