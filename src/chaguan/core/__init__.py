"""Ids, clock, settings, callers, errors: what everything rests on. No I/O but reading the settings file."""
