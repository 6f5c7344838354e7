"""What an operator sees: health, metrics, a status and a live page, on one port."""
