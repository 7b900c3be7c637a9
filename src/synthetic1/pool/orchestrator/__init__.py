"""Who leads a pool: leases tasks out, takes what comes back, believes none of it before it was looked at."""
