"""A local stream with many shards, in front of any engine: docs/many-shards.md.

`options`, `shards`, `tree`, `iterators`, `limits` and `model` are pure: no I/O, and the time is an argument.
`source` reads the engine's stream, `service` speaks the API in Python values, `server` in HTTP.
"""
