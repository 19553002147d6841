"""Keeping a deployment safe and moving its blobs: backup, restore, copy; each also while it serves."""
