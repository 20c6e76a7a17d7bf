"""Pages of this floor: forms, receipts and status for families; the desk for staff."""
