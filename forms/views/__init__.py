"""Pages of this floor: forms, receipts and status for families; tools of editors and keepers of data."""
