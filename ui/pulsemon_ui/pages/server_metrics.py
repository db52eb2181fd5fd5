"""Every series of a server in one table, asked for only when it is opened."""

import pyarrow as pa
import streamlit as st

from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.span import chosen_span
from pulsemon_ui.view_models.table import metric_rows
from pulsemon_ui.view_models.timerange import coarse

SPARK_BUCKETS = 60


def all_metrics(server_id: str, range_word: str) -> None:
    """The table behind a switch that the URL remembers."""
    if not st.toggle("All metrics", key="all", bind="query-params"):
        return
    window = coarse(chosen_span(range_word, dashboard().now_ms()).window, SPARK_BUCKETS)
    answer = dashboard().metrics_of(server_id, window).value
    if answer is None or not answer.num_rows:
        st.markdown("Nothing was sent in this time.")
        return
    columns = {"Trend": st.column_config.LineChartColumn("Trend", width="medium")}
    st.dataframe(
        pa.Table.from_pylist(metric_rows(answer.to_pylist())), hide_index=True, column_config=columns, key="metrics"
    )
