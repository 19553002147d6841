"""The FAQ bot's matcher: which entry of a merchant's list answers a customer's question, if any.

Pure: no I/O but its own word lists, no database, no clock. See docs/explanation/faq.md.
"""

from chaguan.desk.faq.importing import Fault, Imported, read_csv
from chaguan.desk.faq.index import Index
from chaguan.desk.faq.model import Candidate, Decision, Entry, Reply

__all__ = ["Candidate", "Decision", "Entry", "Fault", "Imported", "Index", "Reply", "read_csv"]
