"""Ports for brokers that live for a moment."""

import socket

from pulsemon_deploy.kafka.properties import HOST


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that are free now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind((HOST, 0))
        return tuple(held.getsockname()[1] for held in sockets)
    finally:
        for held in sockets:
            held.close()
