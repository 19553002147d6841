"""All SQL of the accounts: plain synchronous functions on a connection, one module per noun. Private to the domain."""
