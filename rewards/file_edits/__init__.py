"""Changes to source files: how they are answered, applied, read and compared, before any judge is asked."""
