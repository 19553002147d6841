"""The HTTP API: handlers that translate, and decide nothing."""
