"""The commands of `producer`: each reads its arguments, calls one function and prints."""
