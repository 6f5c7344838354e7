"""The commands of `stream-worker`: each reads its arguments, calls one function and prints."""
