"""Series: lessons that recur in one zone, with their exceptions."""
