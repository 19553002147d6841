"""Real servers for tests and trials, started from pip packages: loopback only, free ports, no root."""
