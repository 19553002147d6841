"""The wire, once: commands, replies, pushes, content types, errors. No behaviour, no imports from above."""
