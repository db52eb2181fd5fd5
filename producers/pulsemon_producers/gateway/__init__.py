"""The gateway: takes metrics over HTTP from hosts that do not speak Kafka, and writes them into the log."""
