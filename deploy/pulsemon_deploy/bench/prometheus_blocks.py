"""The same samples in the blocks of Prometheus, made by its own tool, which Debian's package prometheus brings."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from pulsemon_schemas.records import MetricBatch

TOOL = "promtool"


def size(batches: Iterable[MetricBatch], folder: Path) -> tuple[int, int] | None:
    """Samples, and bytes of the blocks; None where the tool is not installed. CalledProcessError if it fails."""
    tool = shutil.which(TOOL)
    if tool is None:
        return None
    folder.mkdir(parents=True)
    text, blocks = folder / "samples.txt", folder / "blocks"
    count = _write(batches, text)
    subprocess.run(
        [tool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks)], check=True, capture_output=True
    )
    text.unlink()
    found = sum(one.stat().st_size for one in blocks.rglob("*") if one.is_file())
    shutil.rmtree(folder)
    return count, found


def _write(batches: Iterable[MetricBatch], path: Path) -> int:
    """In the format that the tool reads: one line a sample, times in seconds."""
    count = 0
    series: dict[tuple[str, str, str], str] = {}
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            at = batch.recorded_at_ms / 1000
            for name, labels, value in zip(batch.names, batch.labels, batch.values, strict=True):
                key = batch.server_id, name, labels
                if (line := series.get(key)) is None:
                    line = series[key] = _series(*key)
                file.write(f"{line} {value!r} {at}\n")
                count += 1
        file.write("# EOF\n")
    return count


def _series(server_id: str, name: str, labels: str) -> str:
    pairs = [("instance", server_id), *(one.split("=", 1) for one in labels.split(",") if one)]
    shown = ",".join(f'{_word(key)}="{_text(value)}"' for key, value in pairs)
    return f"{_word(name)}{{{shown}}}"


def _word(text: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in text)


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
