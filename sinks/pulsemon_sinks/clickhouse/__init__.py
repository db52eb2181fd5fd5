"""The way to ClickHouse: settings, connection, inserts over HTTP, migrations."""
