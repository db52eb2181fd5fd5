"""Where this machine's parts are: its own, or those of the environment."""

import stat
from pathlib import Path

import pytest
from pulsemon_deploy.config import read_config
from pulsemon_deploy.installation import installation
from pulsemon_deploy.kafka import cache_folder
from pulsemon_deploy.roles import plan
from pulsemon_deploy.settings import LocalSettings, default_home, local_settings
from pulsemon_deploy.supervisor.role import Readiness, Role, check_plan
from pulsemon_schemas.errors import SettingsError


def local(environ: dict[str, str]) -> LocalSettings:
    return local_settings(read_config(environ))


def names(roles: tuple[Role, ...]) -> list[str]:
    return [role.name for role in roles]


def test_the_home_follows_the_usual_folders(tmp_path: Path) -> None:
    assert default_home({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "pulsemon"
    assert default_home({}) == Path.home() / ".local" / "share" / "pulsemon"
    assert local({"PULSEMON_LOCAL_HOME": str(tmp_path)}).home == tmp_path


def test_a_home_that_is_set_to_nothing_is_not_set() -> None:
    assert local({"PULSEMON_LOCAL_HOME": "", "HOME": "/home/me"}).home == Path("/home/me/.local/share/pulsemon")


def test_a_relative_folder_of_the_desktop_is_ignored() -> None:
    environ = {"XDG_DATA_HOME": "data", "XDG_CACHE_HOME": "cache", "HOME": "/home/me"}
    assert default_home(environ) == Path("/home/me/.local/share/pulsemon")
    assert cache_folder(environ) == Path("/home/me/.cache/pulsemon")


def test_paths_that_are_set_to_nothing_are_those_of_the_home(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("PULSEMON_UI_ACCESS_FILE", "PULSEMON_AGENT_STATE_DIR", "PULSEMON_SINK_TICK_KEY_FILE"), "")
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path / "home"), **nothing})
    assert own.ui().access_file == own.home.access_secret
    assert own.agent().state_dir == own.home.agent
    assert own.sink().tick_key


def test_ports_must_differ(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="two of the ports are the same"):
        local({"PULSEMON_LOCAL_UI_PORT": "19000"})
    with pytest.raises(ValueError, match="from 1 to 65535"):
        LocalSettings(home=tmp_path, ui_port=0)


def test_everything_of_our_own(tmp_path: Path) -> None:
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path)})
    roles = plan(own)
    assert names(roles) == ["kafka", "clickhouse", "topics", "migrate", "ui", "sink", "processor", "gateway", "agent"]
    check_plan(roles)
    assert len(own.ports) == 6


def test_an_outside_broker_means_that_none_is_started(tmp_path: Path) -> None:
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path), "PULSEMON_KAFKA_BOOTSTRAP": "kafka:9092"})
    roles = {role.name: role for role in plan(own)}
    assert "kafka" not in roles
    assert roles["topics"].needs == ()
    assert own.kafka("sink").bootstrap == "kafka:9092"
    assert len(own.ports) == 4


def test_an_outside_clickhouse_means_that_no_engine_is_started(tmp_path: Path) -> None:
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path), "PULSEMON_CLICKHOUSE_HOST": "store"})
    assert "clickhouse" not in names(plan(own))
    assert own.clickhouse().host == own.clickhouse_reader().host == "store"


def test_services_that_are_set_to_nothing_are_our_own(tmp_path: Path) -> None:
    nothing = {"PULSEMON_KAFKA_BOOTSTRAP": "", "PULSEMON_CLICKHOUSE_HOST": ""}
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path), **nothing})
    assert own.has_own_kafka
    assert own.has_own_clickhouse


def test_the_name_of_the_database_alone_is_no_outside_server(tmp_path: Path) -> None:
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path), "PULSEMON_CLICKHOUSE_DATABASE": "other"})
    assert own.has_own_clickhouse
    settings = own.clickhouse()
    assert (settings.database, settings.port, settings.user) == ("other", 19000, "writer")
    assert settings.password.reveal() != own.clickhouse_reader().password.reveal()
    assert settings.password.reveal() == own.engine().writer_password.reveal()


def test_simulated_servers_come_with_their_history() -> None:
    roles = {role.name: role for role in plan(installation({}), 50)}
    assert roles["history"].readiness is Readiness.EXIT
    assert "50" in roles["simulator"].argv


@pytest.mark.parametrize("wrong", [(Role("a", ()), Role("a", ())), (Role("a", (), needs=("b",)), Role("b", ()))])
def test_a_plan_that_cannot_be_carried_out_is_refused(wrong: tuple[Role, ...]) -> None:
    with pytest.raises(ValueError, match="stands twice, or needs one"):
        check_plan(wrong)


def test_the_operator_of_a_home_reaches_its_gateway(tmp_path: Path) -> None:
    home = {"PULSEMON_LOCAL_HOME": str(tmp_path / "home")}
    own = installation({**home, "PULSEMON_LOCAL_GATEWAY_PORT": "8580"})
    api = own.control_api()
    assert api.url == "http://127.0.0.1:8580"
    assert api.key.reveal() == own.operator_token().reveal() == own.home.operator_token.read_text().strip()
    assert stat.S_IMODE(own.home.operator_token.stat().st_mode) == 0o600
    assert installation({**home, "PULSEMON_OPERATOR_KEY": "pm_x"}).control_api().key.reveal() == "pm_x"


def test_another_gateway_is_not_shown_the_token_of_this_home(tmp_path: Path) -> None:
    elsewhere = {"PULSEMON_LOCAL_HOME": str(tmp_path / "home"), "PULSEMON_OPERATOR_URL": "https://gateway.example.org"}
    with pytest.raises(SettingsError, match="key"):
        installation(elsewhere).control_api()
    api = installation({**elsewhere, "PULSEMON_OPERATOR_KEY": "pm_x"}).control_api()
    assert (api.url, api.key.reveal()) == ("https://gateway.example.org", "pm_x")


def test_processor_and_sink_have_the_same_key_of_ticks(tmp_path: Path) -> None:
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path), "PULSEMON_AGENT_SERVER_ID": "web-1"})
    assert own.processor().tick_key.reveal() == own.sink().tick_key.reveal() != ""
    assert own.processor().server_id == "web-1"


def test_a_given_key_of_ticks_is_used(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    file = {"PULSEMON_PROCESSOR_TICK_KEY_FILE": str(tmp_path / "key"), "PULSEMON_SINK_TICK_KEY": "secret"}
    own = installation({"PULSEMON_LOCAL_HOME": str(tmp_path / "home"), **file})
    assert own.processor().tick_key.reveal() == own.sink().tick_key.reveal() == "secret"
    assert not (tmp_path / "home").exists()
