"""What the doctor says of the gateway, and of the token with which this home uses its control API."""

from pathlib import Path

import pytest
from pulsemon_deploy.doctor.finding import Verdict
from pulsemon_deploy.doctor.gateway import control_api
from pulsemon_deploy.installation import Installation, installation
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.local_operator import first_record
from support.control_api import write_record
from support.gateways import Gateway
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


def home_with(tmp_path: Path, port: int) -> Installation:
    return installation({"PULSEMON_LOCAL_HOME": str(tmp_path / "home"), "PULSEMON_LOCAL_GATEWAY_PORT": str(port)})


def test_a_token_that_is_registered_opens_the_control_api(gateway: Gateway, tmp_path: Path) -> None:
    own = home_with(tmp_path, gateway.port)
    assert control_api(own).verdict is Verdict.PROBLEM
    assert not own.home.root.exists(), "looking makes nothing"
    text = own.operator_token()
    refused = control_api(own)
    assert (refused.verdict, "401" in refused.found) == (Verdict.PROBLEM, True)
    write_record(gateway, first_record(text, "a/host"))
    wait_until(lambda: control_api(own).verdict is Verdict.OK, 5.0, "the gateway to know the token")
    assert text.reveal() not in control_api(own).found


def test_a_gateway_that_does_not_run_is_a_problem(tmp_path: Path) -> None:
    own = home_with(tmp_path, free_ports(1)[0])
    own.operator_token()
    found = control_api(own)
    assert (found.verdict, "pulsemon up" in found.advice) == (Verdict.PROBLEM, True)
