"""Finding messages by what they say: a consumer of the log, and the verb that asks it."""
