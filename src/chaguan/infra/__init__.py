"""Adapters to what is outside: database, broker, blobs, encryption, HTTP. They know nothing of the domains."""
