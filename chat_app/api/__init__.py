"""The HTTP API: Cruddur's routes and JSON, and what they lacked."""
