"""Minutes, hours and days made of the raw samples, by whichever sink has the turn."""
