"""The schema's history, forward only. A new revision: `python -m tools.new_revision "What it does"`."""
