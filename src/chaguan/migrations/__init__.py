"""The schema's history, forward only. A new revision: `python -m chaguan.infra.migrations "What it does"`."""
