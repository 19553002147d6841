"""Keeping a deployment safe and moving it: backup, restore, copying blobs and the database; each also while it serves."""
