"""Clients of the platforms that host mini programs, and a sandbox that stands in for them."""
