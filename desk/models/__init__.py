"""The records of the desk. One module a subject; import them from here."""
