from pulsemon_ui.view_models.attention import Attention
from pulsemon_ui.view_models.metrics import CPU, Measure, gauge
from pulsemon_ui.view_models.small_lines import scaled

N = None
RARE = gauge("CPUs", "{cpu}", "system.cpu.logical.count")
UNKNOWN = gauge("Orders", "1", "shop.orders")


def test_a_small_line_breaks_only_where_samples_are_missing() -> None:
    def drawn(measure: Measure) -> list[float | None]:
        row = Attention("value", "", "web-1", "web-1", "", "", "", "", measure.choice, line_seconds=3600)
        return scaled(row, [0.1, N, N, N, 0.5])[0]

    assert drawn(RARE) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert drawn(CPU) == drawn(UNKNOWN) == [0.1, N, N, N, 0.5]
