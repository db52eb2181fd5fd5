"""Whether the broker's ports are free, asked before anything is started."""

import socket

from pulsemon_schemas.errors import SettingsError

from pulsemon_deploy.kafka.properties import HOST


def check_free(ports_by_setting: dict[str, int]) -> None:
    """SettingsError naming each port that is in use, with the setting that moves it. Keys are environment names."""
    problems = [_problem(setting, port) for setting, port in ports_by_setting.items() if not _is_free(port)]
    if problems:
        raise SettingsError(tuple(problems))


def _problem(setting: str, port: int) -> str:
    return (
        f"port {port} on {HOST}, which the local Kafka needs, is in use: "
        f"stop the program that holds it, or set {setting} to a free port"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Java binds: connections that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that are free now, all different; for brokers that live for a moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind((HOST, 0))
        return tuple(held.getsockname()[1] for held in sockets)
    finally:
        for held in sockets:
            held.close()
