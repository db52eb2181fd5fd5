"""Faust's consumer without four asyncio tasks for each message.

``mode`` waits for "the message is taken, or flow is suspended" by making a task of each side and of two events of the
service. Nearly always the message is taken without waiting for anything: here its coroutine is tried at once, and only
if it really suspends is it handed on, with what it waits for, to the way that ``mode`` has. Fits one version of Faust
alone (``FAUST_VERSION``); a test holds that the two ways do the same.
"""

import asyncio
import logging
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from mode.services import Service, WaitArgT, WaitResults

FAUST_VERSION = "0.15.3"


def fits() -> bool:
    """Whether the installed Faust is the one that this was written for."""
    return bool(faust.__version__ == FAUST_VERSION)


def install(app: faust.App) -> None:
    """Gives the app this transport; before it starts."""
    app.transport = FastTransport(app.conf.broker_consumer, app, loop=None)


class FastWait(Service):
    """A service that takes a message at once where that needs no waiting."""

    async def wait_first(self, *coros: WaitArgT, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109 - Faust's
        """As the service's own, for the pair that the fetcher waits for; anything else goes there unchanged."""
        if timeout is not None or len(coros) != 2 or not all(map(asyncio.iscoroutine, coros)):
            return await super().wait_first(*coros, timeout=timeout)
        delivery: Any = coros[0]
        suspension: Any = coros[1]
        try:
            awaited = delivery.send(None)
        except StopIteration as end:
            suspension.close()
            return WaitResults([delivery], [end.value], stopped=False)
        except BaseException:
            suspension.close()
            raise
        return await super().wait_first(_rest(delivery, awaited), suspension)


class FastConsumer(FastWait, driver.Consumer):
    """The driver's consumer with the fast wait."""

    logger = logging.getLogger("faust.transport")  # what it tells is Faust's talk, not ours


class FastTransport(driver.Transport):
    """The driver's transport with the fast consumer."""

    Consumer = FastConsumer


async def _rest(coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    """What is left of a coroutine that waits for ``awaited``."""
    return await _resumed(coroutine, awaited)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    step: Callable[[Any], Any]
    while True:
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 - a cancellation goes where the coroutine waits
            step, argument = coroutine.throw, error
        else:
            step, argument = coroutine.send, sent
        try:
            awaited = step(argument)
        except StopIteration as end:
            return end.value
