"""Where settings come from: the environment, and the TOML file that it may name, which has a table for each prefix."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pulsemon_schemas.runtime.settings import load, read_tables, table_name

CONFIG_FILE_SETTING = "PULSEMON_CONFIG_FILE"

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True)
class Config:
    """The environment, which wins, and the file; ``tables`` is what the file holds."""

    environ: Mapping[str, str]
    file: Path | None
    tables: Mapping[str, Mapping[str, object]]

    def load(self, cls: type[Settings], prefix: str, defaults: Mapping[str, str] | None = None) -> Settings:
        """The settings of one part; ``defaults`` are this program's own, by field. SettingsError."""
        return load(cls, prefix, self.environ, self.file, defaults)

    def given(self, prefix: str) -> frozenset[str]:
        """The names of fields, in small letters, that have a value; the environment can take one of the file back."""
        own = self.tables.get(table_name(prefix), {})
        named = {
            name.removeprefix(prefix).lower(): value for name, value in self.environ.items() if name.startswith(prefix)
        }
        return frozenset({name for name, value in named.items() if value} | (own.keys() - named.keys()))


def read_config(environ: Mapping[str, str]) -> Config:
    """Reads the file that ``PULSEMON_CONFIG_FILE`` names, if it does. SettingsError if it cannot be read."""
    named = environ.get(CONFIG_FILE_SETTING, "")
    file = Path(named).expanduser().absolute() if named else None
    return Config(environ, file, read_tables(file) if file else {})
