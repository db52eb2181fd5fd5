"""History into files and back: CSV, Parquet and Avro, a piece at a time."""
