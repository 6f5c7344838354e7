"""Who reads the stream: each driver owns position and lifetime, none knows what a record means."""
