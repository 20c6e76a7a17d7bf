"""Figures of the desk: from events to days, from days to a page for the head and for the analyst."""
