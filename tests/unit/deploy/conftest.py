"""Commands run in this process set logging up; each test gives it back."""

from collections.abc import Iterator

import pytest
from support.logging_state import kept_logging


@pytest.fixture(autouse=True)
def logging_is_given_back() -> Iterator[None]:
    """See the module."""
    with kept_logging():
        yield
