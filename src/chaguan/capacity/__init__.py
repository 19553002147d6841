"""`chaguan capacity`: from measured figures and an expected load to numbers of nodes, a database, a Redis."""
