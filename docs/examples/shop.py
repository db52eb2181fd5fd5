"""A shop that tells how it does: uvicorn shop:app. Address and login of Kafka come from PULSEMON_KAFKA_… variables."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException
from pulsemon import Client
from pulsemon.logs import CountingHandler
from pulsemon.middleware import AsgiMiddleware
from pulsemon.process import watch_process

log = logging.getLogger("shop")
MAX_MAILS = 1000


def make_app(client: Client) -> FastAPI:
    """The shop, with the client that it tells."""
    mails: asyncio.Queue[int] = asyncio.Queue(MAX_MAILS)
    orders = client.counter("shop.orders")  # found once, for it is used often
    client.gauge("shop.mails.waiting").set_function(mails.qsize)

    @client.timer("shop.price.duration")
    async def price_of(item: int) -> float:
        await asyncio.sleep(0)
        return item * 1.19

    async def send_mails() -> None:
        """The background job: goes on whatever happens to one mail."""
        while True:
            item = await mails.get()
            try:
                with client.timer("shop.mail.duration"), client.exceptions("shop.mail.errors"):
                    await send_mail(item)
            except ConnectionError as error:
                log.warning("The mail about %s was not sent: %s", item, error)
            finally:
                mails.task_done()

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        client.event("start", "The shop opens")
        job = asyncio.create_task(send_mails())
        yield
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(mails.join(), timeout=5)
        job.cancel()
        client.event("stop", "The shop closes")
        await asyncio.to_thread(client.flush)  # waits for Kafka, but not in the way of what still runs

    app = FastAPI(lifespan=life)
    app.add_middleware(AsgiMiddleware, client=client)

    @app.post("/orders/{item}")
    async def order(item: int) -> dict[str, float]:
        try:
            mails.put_nowait(item)
        except asyncio.QueueFull:
            raise HTTPException(503, "try again later") from None
        orders.add()
        client.count("shop.items", item, size="large" if item >= 100 else "small")
        return {"price": await price_of(item)}

    @app.get("/health")
    async def health() -> dict[str, int]:
        """Says nothing of Kafka: a shop whose metrics cannot be sent is as healthy as before."""
        return {"mails_waiting": mails.qsize()}

    return app


async def send_mail(item: int) -> None:
    """Stands for a mail server, which refuses every tenth."""
    await asyncio.sleep(0.001)
    if item % 10 == 0:
        raise ConnectionError("refused")


shop_client = Client("shop")
watch_process(shop_client)
logging.getLogger().addHandler(CountingHandler(shop_client, logging.WARNING))
app = make_app(shop_client)
