"""Writes messages and looks at the table: schema, seed, patterns C and D, traffic."""
