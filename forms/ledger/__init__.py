"""The proof that nothing is lost: findings of a sweeper, and a ledger of every day.

What is legally erased is no loss: its case stays, and an event says that it was erased.
"""

from forms.ledger.days import Day, last_days, write_days
from forms.ledger.findings import findings
from forms.ledger.sweeper import has_begun, is_stale, open_findings, sweep

__all__ = [
    "Day",
    "findings",
    "has_begun",
    "is_stale",
    "last_days",
    "open_findings",
    "sweep",
    "write_days",
]
