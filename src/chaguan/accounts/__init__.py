"""Shops, apps, users, devices; and how they prove who they are."""
