"""All settings of all roles, looked at before anything is started: a misspelt name is refused, not passed over."""

import difflib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from pulsemon_producers.custom.settings import TABLES, custom_settings
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import PRODUCT_PREFIX, check_tables

from pulsemon_deploy.config import CONFIG_FILE_SETTING, Config, read_config


@dataclass(frozen=True, slots=True)
class Part:
    """Settings of one prefix: where their dataclass is, and what stands in here for what is made at the first start."""

    prefix: str
    place: str
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def settings(self) -> type:
        """The dataclass."""
        module, name = self.place.split(":")
        found: type = getattr(importlib.import_module(module), name)
        return found


PARTS = (
    Part("PULSEMON_LOCAL_", "pulsemon_deploy.settings:LocalSettings", {"home": "-"}),
    Part("PULSEMON_KAFKA_", "pulsemon_schemas.runtime.kafka:KafkaSettings"),
    Part("PULSEMON_CLICKHOUSE_", "pulsemon_sinks.clickhouse.settings:ClickHouseSettings"),
    Part("PULSEMON_AGENT_", "pulsemon_producers.settings:AgentSettings"),
    Part("PULSEMON_GATEWAY_", "pulsemon_producers.gateway.settings:GatewaySettings"),
    Part(
        "PULSEMON_OPERATOR_", "pulsemon_producers.http_settings:HttpSettings", {"url": "http://localhost", "key": "pm_"}
    ),
    Part("PULSEMON_SINK_", "pulsemon_sinks.settings:SinkSettings"),
    Part("PULSEMON_PROCESSOR_", "pulsemon_stream_processors.settings:ProcessorSettings", {"tick_key": "-"}),
    Part("PULSEMON_UI_", "pulsemon_ui.settings:UiSettings", {"access_file": "-"}),
    Part("PULSEMON_SIMULATOR_", "pulsemon_deploy.simulate.settings:SimulatorSettings"),
)


def check_settings(environ: Mapping[str, str]) -> None:
    """SettingsError with everything that is wrong in the environment and the file; reads nothing else."""
    config = read_config(environ)
    found = (_strange_names(environ), _strange_tables(config), _wrong_values(config), _wrong_rows(config))
    if problems := [problem for some in found for problem in some]:
        raise SettingsError(problems)


def _strange_names(environ: Mapping[str, str]) -> Iterator[str]:
    """Names that begin as all of ours and are those of no part: ``load`` looks at the others."""
    prefixes = tuple(part.prefix for part in PARTS)
    for name in environ:
        if name.startswith(PRODUCT_PREFIX) and not name.startswith(prefixes) and name != CONFIG_FILE_SETTING:
            close = difflib.get_close_matches(name, _known_names(), n=1)
            yield f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else "")


def _known_names() -> list[str]:
    own = [f"{part.prefix}{one.name.upper()}" for part in PARTS for one in fields(part.settings())]
    return [*own, CONFIG_FILE_SETTING]


def _strange_tables(config: Config) -> Iterator[str]:
    if config.file is not None:
        try:
            check_tables(config.file, [*(part.prefix for part in PARTS), *TABLES])
        except SettingsError as error:
            yield from error.problems


def _wrong_values(config: Config) -> Iterator[str]:
    for part in PARTS:
        given = config.given(part.prefix)
        stand_ins = {name: text for name, text in part.stand_ins.items() if not {name, f"{name}_file"} & given}
        try:
            config.load(part.settings(), part.prefix, stand_ins)
        except SettingsError as error:
            yield from error.problems


def _wrong_rows(config: Config) -> Iterator[str]:
    """What is wrong with the collectors that the file adds to the agent."""
    try:
        custom_settings(config.file)
    except SettingsError as error:
        yield from error.problems
