import socket

import pytest
from pulsemon_deploy.kafka.ports import check_free, free_ports
from pulsemon_schemas.errors import SettingsError


def test_free_ports_pass() -> None:
    first, second = free_ports(2)

    assert first != second
    check_free({"PULSEMON_LOCAL_KAFKA_PORT": first, "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT": second})


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_named_with_the_setting_that_moves_it(host: str) -> None:
    with socket.socket() as holder:
        holder.bind((host, 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(SettingsError) as caught:
            check_free({"PULSEMON_LOCAL_KAFKA_PORT": port})

    [problem] = caught.value.problems
    assert f"port {port} on 127.0.0.1" in problem
    assert "set PULSEMON_LOCAL_KAFKA_PORT to a free port" in problem
