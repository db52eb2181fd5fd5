"""What is read from the host, one file a group; ``base`` is the interface that all collectors keep."""
