"""Files of raw samples, read a piece at a time."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import fastavro
from pulsemon_schemas import labels as label_text

from pulsemon_sinks.transfer.shape import RAW, FileError
from pulsemon_sinks.transfer.writing import EPOCH

PIECE_ROWS = 100_000
_MILLISECOND = timedelta(milliseconds=1)


class Sample(NamedTuple):
    """One value of one series. A tuple: one is made for each row."""

    server_id: str
    name: str
    labels: str
    recorded_at_ms: int
    value: float


def pieces(path: Path, piece_rows: int = PIECE_ROWS) -> Iterator[list[Sample]]:
    """The samples of a file, whose kind is that of its ending.

    FileError with the row's number for a row that is no sample, and for a file that is of another kind.
    """
    rows_of = _READERS.get(path.suffix.lower())
    if rows_of is None:
        raise FileError(f"{path.name} is no .csv, .parquet or .avro: nothing of it was stored; name the file so")
    number = 0
    try:
        with path.open("rb") as file:
            rows = iter(rows_of(file))
            while found := list(islice(rows, piece_rows)):
                samples = []
                for row in found:
                    number += 1
                    samples.append(_sample(row))
                yield samples
    except (FileError, ModuleNotFoundError):
        raise
    except Exception as error:  # each kind of file has errors of its own
        raise FileError(
            f"{path}, row {number}: {error!r}; mend the file and repeat: what is stored already stays one row"
        ) from error


def _sample(row: Mapping[str, Any]) -> Sample:
    """The columns of an export of raw samples; others are passed over. ValueError, KeyError, TypeError."""
    server_id, name, labels, at, value = (row[one.name] for one in RAW.fields)
    if not server_id or not name:
        raise ValueError("a sample needs a server_id and a name")
    return Sample(str(server_id), str(name), _labels(str(labels or "")), _ms(at), float(value))


@lru_cache(maxsize=10_000)
def _labels(text: str) -> str:
    """The text if it is the one of its labels. Cached: a file says few labels often."""
    if text and label_text.canonical(label_text.parse(text)) != text:
        raise ValueError(f"labels are sorted by key, as k=v,l=w: {text!r}")
    return text


def _ms(at: Any) -> int:
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise ValueError(f"recorded_at is a time with its zone, as 2026-01-31T12:00:00Z: {at!r}")
    return (found - EPOCH) // _MILLISECOND


def _csv(file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    return csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


def _avro(file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    return cast("Iterator[Mapping[str, Any]]", fastavro.reader(file))


def _parquet(file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    from pyarrow import parquet  # the extra ui brings it; the other files need it not

    names = [one.name for one in RAW.fields]
    for group in parquet.ParquetFile(file).iter_batches(batch_size=8192, columns=names):
        yield from group.to_pylist()


_READERS: Mapping[str, Callable[[IO[bytes]], Iterable[Mapping[str, Any]]]] = {
    ".csv": _csv,
    ".avro": _avro,
    ".parquet": _parquet,
}
