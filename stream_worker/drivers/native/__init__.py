"""The native driver: one process reads all shards of the stream, any further process is its hot standby."""
