"""Embedded engines for the demo and the tests; nothing in production imports this."""
