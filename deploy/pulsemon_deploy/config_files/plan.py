"""What is to be done so that the control log says what the files say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.control import DELETE, PUT, Fold

from pulsemon_deploy.config_files.kinds import FileKind
from pulsemon_deploy.config_files.reading import Wanted


@dataclass(frozen=True, slots=True)
class Step:
    """One change. ``version`` is the one that it replaces, -1 for a new one; ``fields`` are those that differ."""

    operation: str
    kind: FileKind
    entity_id: str
    version: int
    body: Mapping[str, Any]
    fields: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What happens, for people."""
        if self.operation == DELETE:
            return "end"
        return "change" if self.fields else "make"


def steps(fold: Fold, wanted: Sequence[Wanted], prunes: Iterable[FileKind] = ()) -> list[Step]:
    """The changes, in order; nothing for what is as it should be. Of kinds in ``prunes`` what no file has ends."""
    found: list[Step] = []
    for one in sorted(wanted, key=lambda one: (one.kind.folder, one.entity_id)):
        entity = fold.entities(one.kind.entity_type).get(one.entity_id)
        fields = () if entity is None else _differing(one.kind, one.entity_id, entity.body, one.body)
        if entity is None or fields:
            version = fold.version(one.kind.entity_type, one.entity_id)
            found.append(Step(PUT, one.kind, one.entity_id, version, one.body, fields))
    files = {(one.kind.entity_type, one.entity_id) for one in wanted}
    for kind in prunes:
        for entity_id, entity in sorted(fold.entities(kind.entity_type).items()):
            if (kind.entity_type, entity_id) not in files:
                found.append(Step(DELETE, kind, entity_id, entity.version, {}))
    return found


def _differing(kind: FileKind, entity_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields in which they differ, as they stand in files."""
    old, new = kind.shown(kind.normal(entity_id, before)), kind.shown(after)
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
