"""Limits enforced in the stream: a thin runner around a pure engine."""
