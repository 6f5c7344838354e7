"""Does the promise hold? Every row recomputed from messages and rosters, while the worker runs."""
