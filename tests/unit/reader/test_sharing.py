"""Samples of several producers at one time go back to the batches they came in, or it is said that they may not."""

from collections.abc import Mapping
from typing import Any

from pulsemon_sinks.reader.log_history.moments import Moment
from pulsemon_sinks.reader.log_history.sharing import Sharing
from pulsemon_sinks.reader.log_history.stored_batches import StoredBatch

HOST = {"system.cpu.busy": 0.5, "system.uptime": 7.0}
SHOP = {"app.orders": 3.0}
TILL = {"app.receipts": 4.0}


def stored(offset: int, producer: str, count: int, source: str = "service", at_ms: int = 0) -> StoredBatch:
    return StoredBatch(offset, 0, "web-1", source, producer, offset, "", -1, at_ms, 0, count, 0, {}, "")


def moment(*parts: Mapping[str, float], number: int = 1) -> Moment:
    samples = sorted({name: value for part in parts for name, value in part.items()}.items())
    names = tuple(name for name, _ in samples)
    return Moment(number, (names, ("",) * len(names)), [value for _, value in samples])


def named(found: Any) -> dict[str, float]:
    (names, _), values = found
    return dict(zip(names, values, strict=True))


def test_a_batch_alone_has_all() -> None:
    sharing = Sharing()
    found = sharing.parts([stored(1, "a", 2)], moment(HOST))
    assert named(found[1]) == HOST
    assert (sharing.unlike, sharing.undecided) == (0, 0)


def test_what_a_producer_sent_alone_is_its_own_where_others_speak_too() -> None:
    sharing = Sharing()
    shop, till = stored(1, "shop", 1, at_ms=1), stored(2, "till", 1, at_ms=2)
    sharing.learn(
        {("web-1", 1): [shop], ("web-1", 2): [till]},
        {("web-1", 1): moment(SHOP, number=1), ("web-1", 2): moment(TILL, number=2)},
    )
    found = sharing.parts([stored(3, "till", 1), stored(4, "shop", 1)], moment(SHOP, TILL))
    assert (named(found[3]), named(found[4])) == (TILL, SHOP)
    assert (sharing.unlike, sharing.undecided) == (0, 0)


def test_metrics_of_the_catalogue_are_the_agents() -> None:
    sharing = Sharing()
    found = sharing.parts([stored(1, "a", 2, "agent"), stored(2, "shop", 1)], moment(HOST, SHOP))
    assert (named(found[1]), named(found[2])) == (HOST, SHOP)
    assert (sharing.unlike, sharing.undecided) == (0, 0)


def test_what_cannot_be_told_apart_is_counted() -> None:
    sharing = Sharing()
    sharing.parts([stored(1, "shop", 1), stored(2, "till", 1)], moment(SHOP, TILL))
    assert sharing.undecided == 1


def test_samples_that_are_gone_are_counted() -> None:
    sharing = Sharing()
    sharing.parts([stored(1, "a", 3)], moment(HOST))
    sharing.parts([stored(2, "a", 3)], None)
    sharing.parts([stored(3, "a", 3, "agent"), stored(4, "shop", 1)], moment(HOST, SHOP))
    assert sharing.unlike == 3


def test_a_batch_without_samples_lacks_none() -> None:
    sharing = Sharing()
    assert named(sharing.parts([stored(1, "a", 0)], None)[1]) == {}
    assert sharing.unlike == 0
