"""Rules, routes, silences and maintenance as files: read, judged with the lines of what is wrong, compared, written."""
