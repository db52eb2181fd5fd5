"""Prints alerts with Faust: faust -A faust_bridge worker. Address and login come from PULSEMON_KAFKA_… variables."""

import os

import faust
from pulsemon import alerts
from pulsemon_schemas.errors import ContractError

app = faust.App(
    os.environ.get("GROUP", "pulsemon-bridge-faust"),
    broker=f"kafka://{os.environ['PULSEMON_KAFKA_BOOTSTRAP']}",
    broker_credentials=faust.SASLCredentials(
        username=os.environ["PULSEMON_KAFKA_USERNAME"],
        password=os.environ["PULSEMON_KAFKA_PASSWORD"],
        mechanism=os.environ["PULSEMON_KAFKA_SASL_MECHANISM"],
    ),
    consumer_auto_offset_reset="latest",
    topic_disable_leader=True,
    topic_allow_declare=False,
    web_enabled=False,
)
records = app.topic(os.environ.get("TOPIC", "pulsemon.alerts"), value_type=bytes, value_serializer="raw", internal=True)
last: dict[str, int] = {}


@app.agent(records)
async def tell(stream: faust.Stream[bytes]) -> None:
    async for value in stream:
        try:
            alert = alerts.decode(value or b"")
        except ContractError as error:
            print(f"passed over: {error}")
            continue
        if alert.transition > last.get(alert.id, -1) and not alert.is_quiet:
            print(f"{alert.state} {alert.level}: {alert.rule} on {alert.server}", flush=True)
        last[alert.id] = max(alert.transition, last.get(alert.id, -1))
