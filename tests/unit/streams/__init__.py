"""The sharded stream's model: what each part promises."""
