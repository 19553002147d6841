"""`chaguan bench`: measures a real server on this machine against what the machine can do at all."""
