"""A nemesis for real processes on real engines, a history of what clients saw, and a checker that judges it."""
