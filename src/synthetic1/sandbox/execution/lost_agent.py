"""Whose fault a lost agent is: a program's, if it loses a fresh one too, and a known program in its place does not."""

from __future__ import annotations

from synthetic1.sandbox.agent.job import BUSY, Outcome
from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.execution.planning import PreparedInput, PreparedProgram
from synthetic1.sandbox.execution.slot import GRACE_S, SandboxSlot, SlotFailed
from synthetic1.sandbox.languages.language import ProgramPlan
from synthetic1.sandbox.program import MIB
from synthetic1.sandbox.result import Result

MOST_LOST = 4
"""Agents that one run may lose before what is left of it is decided, too. An honest program loses none."""
WHY_CAP = 300  # characters


async def decide(
    slot: SandboxSlot, program: PreparedProgram, error: SlotFailed, where: str, given: PreparedInput, room: int = 0
) -> Result:
    """The verdict on a program that lost two agents, the second of which had started for it.

    Args:
        error: how the last one was lost.
        where: of an error, what its message begins with.
        given: the input at which it was lost.
        room: bytes of memory on top of the program's.

    Raises:
        SandboxError: a known program is lost as well, so it was not the program's fault.
    """
    if error.out_of_memory:  # the agent has room of its own; who takes that from two of them wants more than it may
        why = f"used more than {program.limits.memory_mb} MiB of memory, and the agent's"
        return Result(index=0, status="memory_limit", why=why)
    try:
        await _try_known_program(slot, program, program.run_memory_bytes + room, given)
    except SlotFailed as known:
        await slot.discard()
        raise SandboxError(f"{where}, twice: {error}; a known program is lost as well: {known}") from error
    return Result(index=0, status="tampered", why=f"it takes agents away: {error}"[:WHY_CAP])


async def _try_known_program(
    slot: SandboxSlot, program: PreparedProgram, memory_bytes: int, given: PreparedInput
) -> None:
    """Run the language's own ``--version`` on a fresh agent, under the program's limits and with its input.

    Raises:
        SlotFailed: it is lost as well.
        SandboxUnavailable: there is no fresh agent.
    """
    await slot.discard()
    await slot.ready(memory_bytes)
    plan = ProgramPlan(files={}, argv=program.language.version)
    if not plan.argv:  # a language without one: then it is enough that an agent starts
        return
    limits = program.limits
    known = PreparedProgram(program.language, plan, limits, frozenset())
    slot.begin(*known.run_job(None, 1, fresh=True))
    slot.send({"op": "input", "index": 0}, [given.stdin + given.channel, b""])
    header, _ = await slot.receive(BUSY * limits.clock_s + GRACE_S, 2 * limits.stdout_bytes + limits.stderr_bytes + MIB)
    try:
        fine = header["op"] == "result" and header["index"] == 0 and Outcome.from_header(header["outcome"]).wall_s >= 0
        fine = fine and header["outcome"]["ended_by"] != "stop"
    except (KeyError, TypeError):
        fine = False
    if not fine:
        raise SlotFailed(f"the agent sent no result of it: {str(dict(header))[:200]}")
    await slot.receive(GRACE_S, 0)  # done
