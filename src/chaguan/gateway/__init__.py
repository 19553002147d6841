"""The live edge: WebSocket connections, sessions and fan-out. Nothing here decides who may do what."""
