"""The processor's state once a day, so that a replay can begin on any day."""
