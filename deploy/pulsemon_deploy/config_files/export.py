"""The configuration in force as files that ``apply`` takes."""

import urllib.parse
from pathlib import Path

from pulsemon_schemas.control import Fold
from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy.config_files.kinds import KINDS
from pulsemon_deploy.config_files.toml_text import toml_text


def export(fold: Fold, folder: Path) -> dict[str, int]:
    """Writes a file for each entity; how many there are, by folder. PermanentError if one cannot be written.

    Files of entities that are not in force any more stay where they are.
    """
    counts: dict[str, int] = {}
    try:
        for kind in KINDS:
            place = folder / kind.folder
            place.mkdir(parents=True, exist_ok=True)
            entities = fold.entities(kind.entity_type)
            for entity_id, entity in entities.items():
                text = toml_text(kind.shown(kind.normal(entity_id, entity.body)))
                name = urllib.parse.quote(entity_id, safe=" @+=,")
                (place / f"{name}.toml").write_text(text, encoding="utf-8")
            counts[kind.folder] = len(entities)
    except OSError as error:
        raise PermanentError(
            f"{folder} cannot be written: {error.strerror}. Files that are there may be half of what is in force."
        ) from error
    return counts
