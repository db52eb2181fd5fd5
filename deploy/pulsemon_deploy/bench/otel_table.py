"""A table in the shape that OpenTelemetry's exporter for ClickHouse makes for gauges, filled with the same samples."""

from pulsemon_sinks.clickhouse.connection import Store

TABLE = "otel_metrics_gauge"

# Columns, codecs, indexes and key of clickhouseexporter in opentelemetry-collector-contrib. The host is a resource
# attribute, as its host metrics receiver sends it.
_CREATE = """
CREATE TABLE IF NOT EXISTS {database}.{table} (
  ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  ResourceSchemaUrl String CODEC(ZSTD(1)),
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion String CODEC(ZSTD(1)),
  ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
  ScopeSchemaUrl String CODEC(ZSTD(1)),
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  MetricName String CODEC(ZSTD(1)),
  MetricDescription String CODEC(ZSTD(1)),
  MetricUnit String CODEC(ZSTD(1)),
  Attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  StartTimeUnix DateTime64(9) CODEC(Delta, ZSTD(1)),
  TimeUnix DateTime64(9) CODEC(Delta, ZSTD(1)),
  Value Float64 CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),
  INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_scope_attr_key mapKeys(ScopeAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_scope_attr_value mapValues(ScopeAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree()
PARTITION BY toDate(TimeUnix)
ORDER BY (ServiceName, MetricName, Attributes, toUnixTimestamp64Nano(TimeUnix))
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1
"""

_FILL = """
INSERT INTO {database}.{table} (ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ServiceName, MetricName,
  MetricUnit, Attributes, StartTimeUnix, TimeUnix, Value)
SELECT map('host.name', toString(server_id), 'os.type', 'linux'), 'https://opentelemetry.io/schemas/1.9.0',
  'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver', '0.130.0', '',
  toString(name), '1',
  if(labels = '', map(), mapFromArrays(
    arrayMap(one -> splitByChar('=', one)[1], splitByChar(',', toString(labels))),
    arrayMap(one -> splitByChar('=', one)[2], splitByChar(',', toString(labels))))),
  toStartOfDay(recorded_at), recorded_at, value
FROM {database}.samples
SETTINGS max_threads = 1, max_insert_threads = 1, min_insert_block_size_rows = 200000, min_insert_block_size_bytes = 0
"""


def fill(store: Store, database: str) -> None:
    """Makes the table, with all samples of the database in it. Errors as Store."""
    for sql in (_CREATE, _FILL):
        store.rows(sql.format(database=database, table=TABLE))
