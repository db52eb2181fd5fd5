"""The disk buffer: what was collected is on the disk before it is sent, and survives the end of the agent."""
