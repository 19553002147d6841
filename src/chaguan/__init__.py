"""Chaguan: self-hosted messaging for a business's own mini programs, sites and apps."""
