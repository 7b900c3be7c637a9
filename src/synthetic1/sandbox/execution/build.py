"""Building: what the compiler makes of a program, in a slot or from the cache."""

from __future__ import annotations

from synthetic1.sandbox.agent.job import BUSY, Outcome
from synthetic1.sandbox.execution.compile_cache import CompileCache, Compiled
from synthetic1.sandbox.execution.planning import BUILD_LOG_BYTES, PreparedProgram, compiled_of
from synthetic1.sandbox.execution.slot import GRACE_S, SandboxSlot, SlotFailed
from synthetic1.sandbox.program import MIB


async def build(program: PreparedProgram, slot: SandboxSlot, cache: CompileCache) -> Compiled | None:
    """What the compiler makes of the program, from the cache or in this slot; None if it needs no compiler.

    Raises:
        SlotFailed, SandboxUnavailable: the slot failed.
    """
    if program.plan.build is None:
        return None
    key = program.build_key(slot.backend.toolchain)
    async with cache.lock(key):
        found = cache.get(key)
        if found is not None:
            return found
        await slot.ready(program.build_memory_bytes)
        job, blobs = program.build_job()
        assert job.build is not None
        slot.begin(job, blobs)
        header, sent = await slot.receive(
            BUSY * job.build.bounds.wall_s + GRACE_S, 2 * BUILD_LOG_BYTES + job.build.output_bytes + MIB
        )
        try:
            outcome = Outcome.from_header(header["outcome"])
            said, *outputs = sent
            compiled = compiled_of(outcome, program.limits, said, outputs)
            fine = header["op"] == "built" and len(outputs) == (len(job.build.outputs) if compiled.ok else 0)
        except (KeyError, TypeError, ValueError):
            fine = False
        if not fine:
            raise SlotFailed(f"the agent sent no compilation: {str(dict(header))[:200]}")
        await slot.receive(GRACE_S, 0)  # done
        if outcome.ended_by not in ("wall", "idle"):  # a machine's fault, perhaps; all else would come out the same
            cache.put(key, compiled)
        return compiled
