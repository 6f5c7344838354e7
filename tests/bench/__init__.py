"""What it costs to be right: the worker beside the original's loop, on the same engine and the same backlog."""
