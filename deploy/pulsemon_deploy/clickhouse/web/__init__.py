"""ClickHouse's HTTP interface: queries, and inserts whose body goes to the engine as it came."""
