"""How programs are started: forked and confined, from warm interpreters, or by bubblewrap."""
