"""Command line, supervisor, embedded Kafka and ClickHouse: what puts the parts together."""
