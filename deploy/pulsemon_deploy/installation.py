"""Where this machine's parts are and how each role logs in: its own broker and engine, or the environment's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX as KAFKA_PREFIX
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.secret import Secret

from pulsemon_deploy.config import Config, read_config
from pulsemon_deploy.home import Home
from pulsemon_deploy.local_operator import new_token_text
from pulsemon_deploy.settings import LocalSettings, local_settings

if TYPE_CHECKING:
    from pulsemon_producers.custom.settings import CustomSettings
    from pulsemon_producers.gateway.settings import GatewaySettings
    from pulsemon_producers.http_settings import HttpSettings
    from pulsemon_producers.settings import AgentSettings
    from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
    from pulsemon_sinks.settings import SinkSettings
    from pulsemon_stream_processors.settings import ProcessorSettings
    from pulsemon_ui.settings import UiSettings

    from pulsemon_deploy.clickhouse import EngineSettings
    from pulsemon_deploy.kafka import LocalKafka
    from pulsemon_deploy.simulate.settings import SimulatorSettings

HOST = "127.0.0.1"
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
OPERATOR_PREFIX = "PULSEMON_OPERATOR_"
CLICKHOUSE_PREFIX = "PULSEMON_CLICKHOUSE_"
WRITER_PASSWORD = "clickhouse-writer"  # noqa: S105 - the name of a file
READER_PASSWORD = "clickhouse-reader"  # noqa: S105 - the name of a file
# What Ticks are signed with: processor and sink must have the same one.
TICK_KEY = "ticks"


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings of one machine. Nothing is read, made or connected before a method says so."""

    local: LocalSettings
    home: Home
    config: Config

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment, for processes that are started here."""
        return self.config.environ

    @property
    def has_own_kafka(self) -> bool:
        """Whether the broker is one that ``pulsemon up`` starts."""
        return "bootstrap" not in self.config.given(KAFKA_PREFIX)

    @property
    def has_own_clickhouse(self) -> bool:
        """Whether the engine is one that ``pulsemon up`` starts."""
        # the name of the database says nothing about where the server is
        return not self.config.given(CLICKHOUSE_PREFIX) - {"database"}

    @property
    def ports(self) -> dict[str, int]:
        """The ports that ``pulsemon up`` needs, by the setting that moves each."""
        local = self.local
        ports = {"PULSEMON_LOCAL_UI_PORT": local.ui_port, "PULSEMON_LOCAL_GATEWAY_PORT": local.gateway_port}
        if self.has_own_kafka:
            ports |= {
                "PULSEMON_LOCAL_KAFKA_PORT": local.kafka_port,
                "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT": local.kafka_controller_port,
            }
        if self.has_own_clickhouse:
            ports |= {
                "PULSEMON_LOCAL_CLICKHOUSE_PORT": local.clickhouse_port,
                "PULSEMON_LOCAL_CLICKHOUSE_HTTP_PORT": local.clickhouse_http_port,
            }
        return ports

    def local_kafka(self) -> "LocalKafka":
        """The broker of this machine."""
        from pulsemon_deploy.kafka import LocalKafka, cache_folder

        local, home = self.local, self.home
        return LocalKafka(
            home.kafka,
            home.logs,
            home.kafka_secret,
            cache_folder(self.environ),
            local.kafka_port,
            local.kafka_controller_port,
        )

    def kafka(self, role: str) -> KafkaSettings:
        """The login of a role; the one of the environment for an outside broker. SettingsError, PermanentError."""
        if self.has_own_kafka:
            return self.local_kafka().settings_for(role)
        return self.config.load(KafkaSettings, KAFKA_PREFIX)

    def clickhouse(self) -> "ClickHouseSettings":
        """The login that may write. SettingsError."""
        return self._clickhouse("writer", WRITER_PASSWORD)

    def clickhouse_reader(self) -> "ClickHouseSettings":
        """The login that may only read; for an outside server that of the environment. SettingsError."""
        return self._clickhouse("reader", READER_PASSWORD)

    def engine(self) -> "EngineSettings":
        """What the embedded engine is told."""
        from pulsemon_deploy.clickhouse import EngineSettings

        return EngineSettings(
            folder=self.home.clickhouse,
            writer_password=Secret(self.home.password(WRITER_PASSWORD)),
            reader_password=Secret(self.home.password(READER_PASSWORD)),
            host=HOST,
            port=self.local.clickhouse_port,
            http_port=self.local.clickhouse_http_port,
        )

    def ui(self) -> "UiSettings":
        """Where the dashboard listens, and what its links are made with. SettingsError."""
        from pulsemon_ui.settings import ENVIRONMENT_PREFIX, UiSettings

        own = {"access_file": str(self.home.access_secret), "port": str(self.local.ui_port)}
        return self.config.load(UiSettings, ENVIRONMENT_PREFIX, own)

    def agent(self) -> "AgentSettings":
        """The agent of this host. SettingsError."""
        from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings

        return self.config.load(AgentSettings, ENVIRONMENT_PREFIX, {"state_dir": str(self.home.agent)})

    def custom_collectors(self) -> "CustomSettings":
        """What the file, and nothing else, adds to the agent's collectors. SettingsError."""
        from pulsemon_producers.custom.settings import custom_settings

        return custom_settings(self.config.file, self.agent().collectors)

    def gateway(self, chosen: Mapping[str, str] | None = None) -> "GatewaySettings":
        """A gateway; what was chosen on the command line goes before everything. SettingsError."""
        from pulsemon_producers.gateway.settings import ENVIRONMENT_PREFIX, GatewaySettings

        own = {"port": str(self.local.gateway_port)}
        return self._chosen(ENVIRONMENT_PREFIX, chosen or {}).load(GatewaySettings, ENVIRONMENT_PREFIX, own)

    def control_api(self) -> "HttpSettings":
        """Where operators reach the control API, and their token; the gateway and the token of this home unless said.

        Another gateway is never shown the token of this home: it needs one beside its url. SettingsError, HomeError.
        """
        from pulsemon_producers.http_settings import HttpSettings

        given = self.config.given(OPERATOR_PREFIX)
        if "url" in given:
            return self.config.load(HttpSettings, OPERATOR_PREFIX)
        gateway = self.gateway()
        own = {"url": (replace(gateway, host=HOST) if gateway.host in EVERYWHERE else gateway).url}
        if gateway.certificate_file is not None:
            own["ca_file"] = str(gateway.certificate_file)
        if not given & {"key", "key_file"}:
            own["key"] = self.operator_token().reveal()
        return self.config.load(HttpSettings, OPERATOR_PREFIX, own)

    def operator_token(self) -> Secret:
        """What opens the control API to whoever may read this home; made at the first call. HomeError."""
        return Secret(self.home.password(self.home.operator_token.name, new_token_text))

    def sink(self) -> "SinkSettings":
        """The sink of this machine. SettingsError."""
        from pulsemon_sinks.settings import ENVIRONMENT_PREFIX, SinkSettings

        return self.config.load(SinkSettings, ENVIRONMENT_PREFIX, self._tick_key(ENVIRONMENT_PREFIX))

    def processor(self) -> "ProcessorSettings":
        """A worker of the processor; its own metrics are of the same host as the agent's. SettingsError."""
        from pulsemon_stream_processors.settings import ENVIRONMENT_PREFIX, ProcessorSettings

        own = self._tick_key(ENVIRONMENT_PREFIX) | {"server_id": self.agent().server_id}
        return self.config.load(ProcessorSettings, ENVIRONMENT_PREFIX, own)

    def simulator(self, chosen: Mapping[str, str]) -> "SimulatorSettings":
        """Simulated servers; what was chosen on the command line goes before everything. SettingsError."""
        from pulsemon_deploy.simulate.settings import ENVIRONMENT_PREFIX, SimulatorSettings

        return self._chosen(ENVIRONMENT_PREFIX, chosen).load(SimulatorSettings, ENVIRONMENT_PREFIX)

    def _chosen(self, prefix: str, chosen: Mapping[str, str]) -> Config:
        given = {f"{prefix}{name.upper()}": value for name, value in chosen.items()}
        return replace(self.config, environ={**self.environ, **given})

    def _tick_key(self, prefix: str) -> dict[str, str]:
        """The key of this home, unless another is given: on several machines all need the same."""
        is_given = self.config.given(prefix) & {"tick_key", "tick_key_file"}
        return {} if is_given else {"tick_key": self.home.password(TICK_KEY)}

    def _clickhouse(self, user: str, password_name: str) -> "ClickHouseSettings":
        from pulsemon_sinks.clickhouse.settings import ENVIRONMENT_PREFIX, ClickHouseSettings

        settings = self.config.load(ClickHouseSettings, ENVIRONMENT_PREFIX)
        if not self.has_own_clickhouse:
            return settings
        return replace(
            settings,
            host=HOST,
            port=self.local.clickhouse_port,
            http_port=self.local.clickhouse_http_port,
            user=user,
            password=Secret(self.home.password(password_name)),
        )


def installation(environ: Mapping[str, str]) -> Installation:
    """What the environment says about this machine. SettingsError; HomeError for a home of a newer version."""
    config = read_config(environ)
    local = local_settings(config)
    home = Home(local.home.expanduser().absolute())
    home.check()
    return Installation(local, home, config)
