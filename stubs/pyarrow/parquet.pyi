from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from pyarrow import RecordBatch, Schema, Table

class ParquetWriter:
    def __init__(self, where: IO[bytes], schema: Schema, *, compression: str) -> None: ...
    def write_table(self, table: Table) -> None: ...
    def close(self) -> None: ...

class ParquetFile:
    def __init__(self, source: IO[bytes] | Path) -> None: ...
    def read(self) -> Table: ...
    def iter_batches(self, batch_size: int, columns: Sequence[str]) -> Iterator[RecordBatch]: ...

class FileMetaData:
    num_rows: int

def read_metadata(where: Path) -> FileMetaData: ...
def write_table(
    table: Table,
    where: Path,
    *,
    compression: str,
    use_dictionary: Sequence[str] = ...,
    column_encoding: Mapping[str, str] = ...,
) -> None: ...
