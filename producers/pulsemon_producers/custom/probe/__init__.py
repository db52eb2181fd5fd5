"""Whether something outside answers as it should: HTTP, TCP, TLS."""
