"""Network of a simulated server."""

from pulsemon_deploy.simulate.moment import Moment, Series, ratio, series, whole

INTERFACE = "eth0"
PACKET_BYTES = 920.0
# Of the packets that arrive broken, this part is also counted as dropped; those sent break less often.
DROPPED_PART, SENT_PART = 0.3, 0.1


def network(moment: Moment) -> Series:
    """Bytes, packets, errors and drops of the interface."""
    server = moment.server
    share = server.cores / max(server.role.cores)
    for direction, full_rate, part in (
        ("receive", server.role.received_bytes * share, 1.0),
        ("transmit", server.role.sent_bytes * share, SENT_PART),
    ):
        place = {"network__interface__name": INTERFACE, "direction": direction}
        counted = whole(moment.total("traffic") * full_rate)
        rate = moment.level("traffic") * (1.0 + 0.25 * moment.shake(direction)) * full_rate
        broken = moment.total("errors") * full_rate / PACKET_BYTES * part
        yield series("system.network.io", counted, **place)
        yield series("system.network.io.rate", rate.round(0), **place)
        yield series("system.network.packet.count", whole(counted / PACKET_BYTES), **place)
        yield series("system.network.errors", whole(broken), **place)
        yield series("system.network.packet.dropped", whole(broken * DROPPED_PART), **place)
        yield series("system.network.utilization", ratio(rate * 8 / server.link_bits), **place)
    yield series("system.network.up", moment.constant(1.0), network__interface__name=INTERFACE)
    yield series("system.network.speed", moment.constant(server.link_bits), network__interface__name=INTERFACE)
