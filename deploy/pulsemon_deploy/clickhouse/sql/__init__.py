"""The outer shape of statements: tokens, where an INSERT's data begins, which output format a query asks for."""
