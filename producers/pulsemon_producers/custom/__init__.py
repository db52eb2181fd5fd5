"""Collectors that the settings of one host add: probes, scrapes, executables, a text file folder, packages."""
