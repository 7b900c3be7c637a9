"""Who contributes a machine: joins a pool, generates what it is lent, proves and hands in."""
