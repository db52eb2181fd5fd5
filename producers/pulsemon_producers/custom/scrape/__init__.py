"""What other programs offer to Prometheus, fetched and sent on."""
