"""What can be set about the parts that run on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulsemon_deploy.base_folders import data_folder
from pulsemon_deploy.config import Config

ENVIRONMENT_PREFIX = "PULSEMON_LOCAL_"
MIN_OWN_METRICS_SECONDS = 1.0
HOME_SETTING = f"{ENVIRONMENT_PREFIX}HOME"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Where data lies and which ports are used; everything listens on loopback alone.

    Sink, dashboard and simulator tell about themselves every ``own_metrics_seconds``, with 0 never.
    """

    home: Path
    kafka_port: int = 19092
    kafka_controller_port: int = 19093
    clickhouse_port: int = 19000
    clickhouse_http_port: int = 18123
    ui_port: int = 8501
    gateway_port: int = 8480
    partitions: int = 4
    own_metrics_seconds: float = 10.0

    def __post_init__(self) -> None:
        ports = (
            self.kafka_port,
            self.kafka_controller_port,
            self.clickhouse_port,
            self.clickhouse_http_port,
            self.ui_port,
            self.gateway_port,
        )
        if any(not 0 < port < 65_536 for port in ports):
            raise ValueError("a port is a number from 1 to 65535")
        if len(set(ports)) < len(ports):
            raise ValueError("two of the ports are the same")
        if self.own_metrics_seconds and not MIN_OWN_METRICS_SECONDS <= self.own_metrics_seconds <= 3600:
            raise ValueError("own_metrics_seconds must be 0, or from 1 to 3600")


def local_settings(config: Config) -> LocalSettings:
    """The settings of this machine; the home is ``$XDG_DATA_HOME/pulsemon`` unless set. Raises SettingsError."""
    return config.load(LocalSettings, ENVIRONMENT_PREFIX, {"home": str(default_home(config.environ))})


def default_home(environ: Mapping[str, str]) -> Path:
    """Where data lies when nothing is said about it."""
    return data_folder(environ) / "pulsemon"
