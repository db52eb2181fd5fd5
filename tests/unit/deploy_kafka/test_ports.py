from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.ports import is_free


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(8)

    assert len(set(ports)) == 8
    assert all(is_free(port) for port in ports)
