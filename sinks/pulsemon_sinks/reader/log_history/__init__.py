"""The metrics log and the control log again, as the store has kept them: batches byte for byte, in their order."""
