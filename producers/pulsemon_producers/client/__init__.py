"""The library that services embed: instruments in memory, sent in the background."""
