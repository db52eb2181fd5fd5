"""Running the roles of one machine: started by readiness, restarted when they end, stopped in order."""
