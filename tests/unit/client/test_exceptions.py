import asyncio
from typing import Any

import pytest
from pulsemon import Client
from support.clients import dropped, values
from support.hostile import Hostile


def test_exceptions_are_counted_by_class_and_raised_as_before(client: Client) -> None:
    errors = client.exceptions("shop.errors", part="import")

    @errors
    def fails(kind: type[BaseException]) -> None:
        raise kind("x")

    @client.exceptions("shop.errors", part="import")
    async def fails_later() -> None:
        raise ValueError("x")

    for kind in (ValueError, KeyError, KeyboardInterrupt, asyncio.CancelledError):
        with pytest.raises(kind):
            fails(kind)
    with pytest.raises(ValueError, match="x"):
        asyncio.run(fails_later())
    with errors:
        pass
    errors.count(OSError())
    found = values(client)

    assert found.pop("shop.errors.last{part=import}") > 1.7e9
    assert found == {
        "shop.errors{exception=ValueError,part=import}": 2,
        "shop.errors{exception=KeyError,part=import}": 1,
        "shop.errors{exception=OSError,part=import}": 1,
    }


@pytest.mark.parametrize("wrong", ["boom", None, 7, ValueError, Hostile()])
def test_what_is_no_exception_is_told_once_and_makes_no_series(
    client: Client, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    errors = client.exceptions("shop.errors")
    errors.count(wrong)
    errors.count(wrong)
    assert values(client) == {}
    assert dropped(client) == {"invalid": 2}
    (told,) = caplog.messages
    assert told.startswith(f"<exceptions shop.errors> got {type(wrong).__name__}")
    assert "which is no exception that was caught" in told


@pytest.mark.parametrize("name", [None, 7, "", "system.errors", Hostile()])
def test_a_name_that_is_none_lets_the_exception_of_the_service_go_on(client: Client, name: Any) -> None:
    with pytest.raises(KeyError), client.exceptions(name):
        raise KeyError("x")
    assert values(client) == {}
    assert dropped(client) == {"invalid": 1}


def test_a_class_that_does_not_behave_is_counted_as_dropped(client: Client) -> None:
    class Unnamed(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]  # a class may do so
            raise RuntimeError("no name")

    class StrangeError(Exception, metaclass=Unnamed):
        pass

    with pytest.raises(StrangeError), client.exceptions("shop.errors"):
        raise StrangeError
    assert dropped(client) == {"invalid": 1}
