"""Every question that pages and commands ask the store; readers' table names stand here alone."""
