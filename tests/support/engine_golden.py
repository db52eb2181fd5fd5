"""Cases of the engine as folders: ``log.jsonl`` is what happens, ``expected.jsonl`` what the engine writes.

``python -m support.engine_golden`` writes the expectations anew, for a person to read the difference. It also adds
``state.vN.json``, the state after two thirds of the log in the format N of today; those of earlier formats stay as they
were written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.topics import DEADLETTER, FLEET_EVENTS
from pulsemon_stream_processors.engine import FORMAT, Output, PartitionEngine
from support.engine import Log, apply_all, history, place

FOLDER = Path(__file__).parent.parent / "unit" / "engine" / "golden"
OUTPUT_FIELDS = ("topic", "partition", "server_id", "offset")


def cases() -> list[Path]:
    """The folders, sorted."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir())


def read_log(case: Path) -> Log:
    """The log that a case's steps write."""
    log = Log()
    for line in (case / "log.jsonl").read_text("utf-8").splitlines():
        _write(log, json.loads(line))
    return log


def told(outputs: Iterable[Output]) -> list[str]:
    """Outputs as JSON lines, decoded."""
    return [json.dumps(_readable(output), sort_keys=True) for output in outputs]


def expected(case: Path) -> list[str]:
    return (case / "expected.jsonl").read_text("utf-8").splitlines()


def state_of(log: Log) -> str:
    """What an engine would keep after two thirds of a log."""
    engine = log.engine()
    apply_all(engine, log.records[: len(log.records) * 2 // 3])
    servers = {server_id: engine.snapshot(server_id) for server_id in sorted(engine.server_ids)}
    return json.dumps({"partition": engine.partition_record(), "servers": servers}, sort_keys=True) + "\n"


def restored(log: Log, path: Path) -> PartitionEngine:
    """The engine of a state that was kept."""
    state = json.loads(path.read_text("utf-8"))
    return PartitionEngine.restore(place(), history(log.control), state["partition"], state["servers"])


def _write(log: Log, step: Mapping[str, Any]) -> None:
    """One step: ``wait`` seconds first, then one of batch, tick, control, again or raw; ``times`` over."""
    for _ in range(step.get("times", 1)):
        log.wait(step.get("wait", 0))
        if "batch" in step:
            ago_ms = round(1000 * step.get("taken_seconds_ago", 0))
            more = {"recorded_at_ms": log.now_ms - ago_ms, "sent_at_ms": log.now_ms} if ago_ms else {}
            log.batch(step["batch"], step.get("server", "web-1"), **more, **step.get("more", {}))
        elif "control" in step:
            log.configure(step["control"], step["body"], **step.get("more", {}))
        elif "again" in step:
            record = log.records[step["again"]]
            log.append(record.key, record.value)
        elif "raw" in step:
            log.append(step["key"].encode(), bytes.fromhex(step["raw"]))
        else:
            log.tick(**step.get("tick", {}))


def _readable(output: Output) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(output, name) for name in OUTPUT_FIELDS}
    found["key"] = None if output.key is None else output.key.decode("utf-8", "backslashreplace")
    if output.value is None:
        found["value"] = None
    elif output.topic == DEADLETTER.name:
        found |= {"value": output.value.hex(), "headers": dict(output.headers)}
    elif output.topic == FLEET_EVENTS.name:
        found["value"] = json.loads(output.value)
    else:
        found["value"] = asdict(codec.decode(output.value))
    return found


def main() -> None:
    for case in cases():
        log = read_log(case)
        text = "".join(f"{line}\n" for line in told(log.outputs()))
        (case / "expected.jsonl").write_text(text, "utf-8")
        (case / f"state.v{FORMAT}.json").write_text(state_of(log), "utf-8")


if __name__ == "__main__":
    main()
