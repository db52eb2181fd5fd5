from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

class Progress:
    rows: int
    bytes: int

class QueryInfo:
    progress: Progress

class Client:
    last_query: QueryInfo
    def __init__(
        self,
        host: str,
        port: int = ...,
        *,
        user: str = ...,
        password: str = ...,
        database: str = ...,
        secure: bool = ...,
        compression: bool | str = ...,
        connect_timeout: float = ...,
        send_receive_timeout: float = ...,
        client_name: str = ...,
        settings: Mapping[str, Any] | None = ...,
        **options: Any,
    ) -> None: ...
    def execute(
        self,
        query: str,
        params: Any = ...,
        *,
        with_column_types: bool = ...,
        columnar: bool = ...,
        external_tables: Sequence[Mapping[str, Any]] | None = ...,
        settings: Mapping[str, Any] | None = ...,
        types_check: bool = ...,
        query_id: str | None = ...,
    ) -> Any: ...
    def execute_iter(
        self,
        query: str,
        params: Any = ...,
        *,
        with_column_types: bool = ...,
        external_tables: Sequence[Mapping[str, Any]] | None = ...,
        settings: Mapping[str, Any] | None = ...,
        chunk_size: int = ...,
    ) -> Iterator[Any]: ...
    def execute_with_progress(
        self, query: str, params: Any = ..., *, settings: Mapping[str, Any] | None = ...
    ) -> Any: ...
    def query_dataframe(
        self, query: str, params: Any = ..., *, settings: Mapping[str, Any] | None = ...
    ) -> pd.DataFrame: ...
    def insert_dataframe(
        self, query: str, dataframe: pd.DataFrame, *, settings: Mapping[str, Any] | None = ...
    ) -> int: ...
    def cancel(self, with_column_types: bool = ...) -> Any: ...
    def disconnect(self) -> None: ...
