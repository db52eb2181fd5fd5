from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.clickhouse import Engine
    from support.rolled import Rolled


@pytest.fixture(scope="module")
def migrated(clickhouse: "Engine") -> "Iterator[Rolled]":
    from support.rolled import Rolled

    made = Rolled(clickhouse.fresh_database())
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture
def rolled(migrated: "Rolled") -> "Rolled":
    """An empty database."""
    migrated.empty()
    return migrated
