"""Holds collectors of others against what ``collectors.base.Collector`` asks of them; for their tests."""
