"""What every role needs to start: settings from files and environment, Kafka client settings, readiness."""
