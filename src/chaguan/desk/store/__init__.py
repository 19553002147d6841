"""All SQL of the desk, by noun."""
