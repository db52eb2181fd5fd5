"""The contract: records, codec, topics, catalogue, validity and the control fold; pure, imports nothing of ours."""
