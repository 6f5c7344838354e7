"""What could keep the worker from working, looked at one by one, each with what mends it."""
