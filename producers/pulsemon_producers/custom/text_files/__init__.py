"""A folder into which other programs write what they measure."""
