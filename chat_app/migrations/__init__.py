"""Numbered SQL files, each one transaction; one that has been applied anywhere is never changed."""
