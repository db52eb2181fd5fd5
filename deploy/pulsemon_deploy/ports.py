"""Whether the ports of the roles are free; if not, who has them and which setting moves ours."""

import socket
import time
from collections.abc import Mapping

import psutil
from pulsemon_schemas.errors import SettingsError

HOST = "127.0.0.1"
# A run that was killed takes a moment to give its ports back.
PATIENCE_SECONDS = 2.0
RETRY_SECONDS = 0.1


def check_free(ports: Mapping[str, int], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """SettingsError with a sentence for each port in use; keys are the names of the settings that move them."""
    deadline = time.monotonic() + patience_seconds
    while (taken := {name: port for name, port in ports.items() if not is_free(port)}) and time.monotonic() < deadline:
        time.sleep(RETRY_SECONDS)
    if taken:
        raise SettingsError(tuple(_sentence(name, port) for name, port in taken.items()))


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def owner(port: int) -> str:
    """``NAME (process PID)`` of who listens there, or "" if this user may not know."""
    try:
        for connection in psutil.net_connections("tcp"):
            is_listening = connection.status == psutil.CONN_LISTEN
            if is_listening and getattr(connection.laddr, "port", 0) == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def _sentence(setting: str, port: int) -> str:
    by = owner(port) or "another program"
    return f"port {port} is in use by {by}: end that program, or set {setting} to a free port"
