"""Who may do what: logins, what a reader's statement may hold, and from where a browser may speak to the port."""
