"""Exchange of measures and organisations as tables: a check with differences first, then commit."""
