"""The compose file, really run."""
