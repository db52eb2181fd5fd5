"""What the agent tells about itself is what the catalogue says, all of it."""

from pulsemon_producers import self_metrics
from pulsemon_producers.admission import Admission
from pulsemon_producers.backlog import Fill
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from pulsemon_producers.tally import QUEUE_FULL, Tally
from pulsemon_schemas.catalogue import METRICS
from unit.producers.doubles import Steady


def test_all_that_the_catalogue_says_of_the_agent_is_sent_and_nothing_else() -> None:
    tally = Tally()
    tally.deliver(7, 0.25)
    tally.drop(QUEUE_FULL, 3)
    crew = Crew.of([Steady(Host())], 10_000)
    points = [
        *self_metrics.collection_points(crew.members, lateness_seconds=0.1, missed=2),
        *self_metrics.delivery_points(tally.totals(), Fill(5, 40, 1_000, 0), wall_ms=3_500),
        *self_metrics.cost_points(self_metrics.own_usage()),
    ]
    crew.close(5)

    samples, refused = Admission(METRICS, {}).admit(self_metrics.NAME, Tick(10_000, None, "boot", {}), points)

    assert refused == 0
    assert {sample.name for sample in samples} == {one.name for one in METRICS if one.group == "agent"}
    values = {(sample.name, sample.labels): sample.value for sample in samples}
    assert values["pulsemon.agent.delivered", ""] == 7
    assert values["pulsemon.agent.delivery.latency", ""] == 0.25
    assert values["pulsemon.agent.dropped", "reason=queue_full"] == 3
    assert values["pulsemon.agent.dropped", "reason=spool_full"] == 0
    assert values["pulsemon.agent.buffer.oldest_age", ""] == 2.5
    assert values["pulsemon.agent.memory.rss", ""] > 1_000_000
