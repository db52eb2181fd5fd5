"""Golden cases: a folder each, a record as JSON and as the bytes that were once written. A new case needs no code."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "contract" / "golden"


@dataclass(frozen=True, slots=True)
class Case:
    subject: str
    name: str
    fields: dict[str, Any]
    value: bytes

    def __str__(self) -> str:
        return f"{self.subject}-{self.name}"


def golden_cases() -> list[Case]:
    return [
        Case(
            subject=folder.parent.name,
            name=folder.name,
            fields=json.loads((folder / "record.json").read_text(encoding="utf-8")),
            value=bytes.fromhex((folder / "record.avro.hex").read_text(encoding="ascii")),
        )
        for folder in sorted(GOLDEN.glob("*/*"))
        if folder.is_dir()
    ]


def golden_checksums() -> dict[str, str]:
    """File name to SHA-256 of every schema that was ever released."""
    lines = (GOLDEN / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
