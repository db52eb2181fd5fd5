"""Connections with one deadline for all of their steps, by the standard library alone."""
