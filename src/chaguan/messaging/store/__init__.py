"""All SQL of messaging: plain synchronous functions on a connection. Nobody outside messaging imports it."""
