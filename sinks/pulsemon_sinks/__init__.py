"""From Kafka to ClickHouse, and every query that reads it back."""
