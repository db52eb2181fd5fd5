"""Host agent, collectors and publishers: what writes metric batches."""
