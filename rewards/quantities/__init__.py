"""Numbers with units of measurement."""
