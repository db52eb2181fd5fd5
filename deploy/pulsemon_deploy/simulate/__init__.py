"""Servers that do not exist, with believable metrics and troubles: for a first look, for tests and for load.

``fleet``, ``roles`` and ``incidents`` say who they are and what goes wrong; ``curves``, ``moment`` and ``signals``
compute every value as a pure function of (seed, server, time); ``backfill`` writes their past into the store, ``live``
sends their present through Kafka.
"""
