"""How long customers wait, are answered and helped: measured from the log, held against what a shop promises itself."""
