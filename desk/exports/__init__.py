"""The list of cases as a table: asked for, made in the background, given to who asked, deleted."""
