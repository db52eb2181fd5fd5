"""Executables that print what they measure."""
