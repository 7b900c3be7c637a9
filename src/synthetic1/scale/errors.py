"""What can be wrong with a cluster, as a person can mend it."""

from __future__ import annotations

from synthetic1.jobs.program import ProgramError


class ClusterError(ProgramError):
    """No cluster, no node, or a node that cannot verify. The message is one line: what, where, what would be right."""
