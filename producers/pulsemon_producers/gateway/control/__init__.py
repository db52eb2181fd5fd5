"""The control API: what is configured, read from memory, and changed by records of the control log."""
