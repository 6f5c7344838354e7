"""Hosts of the fleet as real processes on DynamoDB Local: what is done to them, and what their children have read."""
