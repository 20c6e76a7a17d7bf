"""The start page of each role: what waits for the person who has just logged in."""
