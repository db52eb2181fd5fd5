"""Puts a context manager around each call of a function, of whatever kind it is."""

import functools
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x200
"""Flags of code objects, as in the module ``inspect``, which takes longer to import than all of this library."""


def wrapped(function: Function, around: Callable[[], AbstractContextManager[Any]]) -> Function:
    """The function with ``around()`` about each call: until a coroutine returns, until a generator is exhausted."""
    flags = _code_flags(function)
    wrapper: Any
    if flags & CO_COROUTINE:
        wrapper = _coroutine(function, around)
    elif flags & CO_ASYNC_GENERATOR:
        wrapper = _async_generator(function, around)
    elif flags & CO_GENERATOR:
        wrapper = _generator(function, around)
    else:
        wrapper = _plain(function, around)
    functools.update_wrapper(wrapper, function)
    result: Function = wrapper
    return result


def _plain(function: Any, around: Callable[[], AbstractContextManager[Any]]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        with around():
            return function(*args, **kwargs)

    return call


def _coroutine(function: Any, around: Callable[[], AbstractContextManager[Any]]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with around():
            return await function(*args, **kwargs)

    return call


def _generator(function: Any, around: Callable[[], AbstractContextManager[Any]]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with around():
            return (yield from function(*args, **kwargs))

    return call


def _async_generator(function: Any, around: Callable[[], AbstractContextManager[Any]]) -> Any:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with around():
            inner = function(*args, **kwargs)
            answer = inner.asend(None)
            # what ``yield from`` does for other generators: whoever sends, throws or closes means the one inside
            while True:
                try:
                    item = await answer
                except StopAsyncIteration:
                    return
                try:
                    answer = inner.asend((yield item))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - it is passed on, whatever it is
                    answer = inner.athrow(error)

    return call


def _code_flags(function: Any) -> int:
    """The flags of what a callable runs; 0 for what is not written in Python. Partials and methods are looked into."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__"):
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return int(getattr(code, "co_flags", 0))
