"""Files of rows, written a piece at a time: under another name until they are whole."""

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

import fastavro

from pulsemon_sinks.transfer.shape import FileError, Kind, Shape, Values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AVRO_TYPES: Mapping[Kind, Any] = {
    "text": "string",
    "time": {"type": "long", "logicalType": "timestamp-millis"},
    "number": "double",
    "count": "long",
}


class RowWriter(Protocol):
    """Takes rows by columns."""

    def write(self, values: Values) -> None:
        """Writes some rows."""

    def close(self) -> None:
        """Ends the file."""


@contextmanager
def writing(path: Path, shape: Shape) -> Iterator[RowWriter]:
    """The kind of file is that of the path's ending. The path appears at the end of the body, whole, or not at all.

    FileError for another ending, or where nothing can be written.
    """
    make = _WRITERS.get(path.suffix.lower())
    if make is None:
        raise FileError(f"{path.name} is no .csv, .parquet or .avro: nothing was written; name the file so")
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            writer = make(file, shape)
            yield writer
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written ({error}): what was there before is there still") from error
    finally:
        part.unlink(missing_ok=True)


def as_time(at_ms: int) -> datetime:
    """Exact, unlike a time made of a float."""
    return EPOCH + timedelta(milliseconds=at_ms)


class _Csv:
    """Times as ISO 8601 in UTC; numbers so that reading them gives the same bits."""

    def __init__(self, file: IO[bytes], shape: Shape) -> None:
        self._text = io.TextIOWrapper(file, "utf-8", newline="")
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._fields = shape.fields
        self._rows.writerow([one.name for one in shape.fields])

    def write(self, values: Values) -> None:
        columns = [
            map(_iso, one) if field.kind == "time" else one for field, one in zip(self._fields, values, strict=True)
        ]
        self._rows.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class _Avro:
    def __init__(self, file: IO[bytes], shape: Shape) -> None:
        self._file = file
        self._names = [one.name for one in shape.fields]
        fields = [{"name": one.name, "type": _AVRO_TYPES[one.kind]} for one in shape.fields]
        self._schema = fastavro.parse_schema(
            {"type": "record", "name": "Row", "namespace": "pulsemon", "fields": fields}
        )
        self._writer = fastavro.write.Writer(file, self._schema, "deflate")

    def write(self, values: Values) -> None:
        for row in zip(*values, strict=True):
            self._writer.write(dict(zip(self._names, row, strict=True)))

    def close(self) -> None:
        self._writer.flush()


class _Parquet:
    def __init__(self, file: IO[bytes], shape: Shape) -> None:
        import pyarrow as pa  # the extra ui brings it; the other files need it not
        from pyarrow import parquet

        kinds: dict[Kind, Any] = {
            "text": pa.string(),
            "time": pa.timestamp("ms", "UTC"),
            "number": pa.float64(),
            "count": pa.int64(),
        }
        self._arrow = pa
        self._schema = pa.schema([pa.field(one.name, kinds[one.kind], nullable=False) for one in shape.fields])
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, values: Values) -> None:
        arrays = [self._arrow.array(one, kind) for one, kind in zip(values, self._schema.types, strict=True)]
        self._writer.write_table(self._arrow.table(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _iso(at_ms: int) -> str:
    return as_time(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_WRITERS: Mapping[str, Callable[[IO[bytes], Shape], RowWriter]] = {".csv": _Csv, ".avro": _Avro, ".parquet": _Parquet}
