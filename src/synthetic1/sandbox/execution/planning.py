"""From a program to the jobs of an agent, and from outcomes to results: the one place where statuses are decided."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthetic1.sandbox.agent.job import Bounds, Build, Job, Outcome
from synthetic1.sandbox.backend import Backend
from synthetic1.sandbox.execution.compile_cache import Compiled, cache_key
from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.program import MIB, Call, Input, Limits, Program
from synthetic1.sandbox.result import Result, Status

BUILD_LOG_BYTES = 64 * 1024
_BUILD_PROCESSES = 64
_VALUE, _NOTHING = '{"value":', '{"value": null, "instead":'  # how the answer to a call begins
_ENDED_BY: dict[str, tuple[Status, Callable[[Limits], str]]] = {
    "cpu": ("time_limit", lambda limits: f"used more than {limits.cpu_s:g} s of CPU time"),
    "wall": ("time_limit", lambda limits: f"took more than {limits.clock_s:g} s by the clock"),
    "memory": ("memory_limit", lambda limits: f"used more than {limits.memory_mb} MiB of memory"),
    "output": ("output_limit", lambda limits: f"wrote more than {limits.stdout_bytes} bytes"),
}
_BUILD_ENDED_BY: dict[str, Callable[[Limits], str]] = {
    "cpu": lambda limits: f"the compiler used more than {limits.build_cpu_s:g} s of CPU time",
    "wall": lambda limits: "the compiler took too long",
    "idle": lambda limits: "the compiler waited for what never came, such as a line from a terminal",
    "memory": lambda limits: f"the compiler used more than {limits.build_memory_mb} MiB of memory",
    "output": lambda limits: f"the compiler made more than {limits.build_output_bytes} bytes",
}


@dataclass(frozen=True)
class PreparedProgram:
    """A program made ready: all that a slot has to know of it, whatever its inputs are."""

    language: Language
    plan: ProgramPlan
    limits: Limits
    extra: frozenset[str]
    """Names of the program's further files: those of ``plan.files`` that also stand beside what a build made."""

    @property
    def run_memory_bytes(self) -> int:
        return self.limits.memory_mb * MIB

    @property
    def build_memory_bytes(self) -> int:
        return self.limits.build_memory_mb * MIB

    def build_key(self, toolchain: str) -> str:
        """The key of its compilation."""
        build = self.build_job()[0].build
        assert build is not None
        return cache_key(self.language.name, self.plan, build.bounds, build.output_bytes, toolchain)

    def build_job(self) -> tuple[Job, list[bytes]]:
        """The job that compiles it and runs nothing: compilers get another memory limit than programs."""
        limits = self.limits
        assert self.plan.build is not None
        bounds = Bounds(
            cpu_s=limits.build_cpu_s,
            wall_s=2 * limits.build_cpu_s + 2,
            memory_bytes=self.build_memory_bytes,
            stdout_bytes=BUILD_LOG_BYTES,
            stderr_bytes=BUILD_LOG_BYTES,
            channel_bytes=1,
            processes=_BUILD_PROCESSES,
            file_bytes=limits.build_output_bytes,
        )
        argv, outputs = self._commands(self.plan.build), list(self.plan.outputs)
        files = {name: (content, 0o644) for name, content in self.plan.files.items()}
        build = Build(argv=argv, outputs=outputs, output_bytes=limits.build_output_bytes, bounds=bounds)
        return self._job(files, inputs=0, build=build)

    def run_job(
        self, compiled: Compiled | None, inputs: int, *, fresh: bool = False, dialogue: bool = False
    ) -> tuple[Job, list[bytes]]:
        """The job that runs it on ``inputs`` inputs, from its source or from what a build made of it."""
        files = {name: (content, 0o644) for name, content in self.plan.files.items()}
        if compiled is not None:
            files = {name: file for name, file in files.items() if name in self.extra}
            files |= {name: (output, 0o755) for name, output in zip(self.plan.outputs, compiled.outputs, strict=True)}
        return self._job(files, inputs, fork_server=self.plan.fork_server and not fresh, dialogue=dialogue)

    def _job(
        self,
        files: Mapping[str, tuple[bytes, int]],
        inputs: int,
        *,
        build: Build | None = None,
        fork_server: bool = False,
        dialogue: bool = False,
    ) -> tuple[Job, list[bytes]]:
        limits = self.limits
        job = Job(
            files=[(name, mode) for name, (_, mode) in files.items()],
            argv=self._commands(self.plan.argv),
            bounds=Bounds(
                cpu_s=limits.cpu_s,
                wall_s=limits.clock_s,
                memory_bytes=self.run_memory_bytes,
                stdout_bytes=limits.stdout_bytes,
                stderr_bytes=limits.stderr_bytes,
                channel_bytes=limits.stdout_bytes,
                processes=limits.processes,
                file_bytes=limits.files_mb * MIB,
            ),
            inputs=inputs,
            env=dict(self.plan.env),
            build=build,
            fork_server=fork_server,
            channel=build is None and (self.plan.channel or dialogue),
            dialogue=dialogue,
        )
        return job, [content for content, _ in files.values()]

    def _commands(self, argv: Sequence[str]) -> list[str]:
        """``{cxx}`` becomes ``g++``, which the agent looks for on the PATH of its own world."""
        commands = {tool: names[0] for tool, names in self.language.tools.items()}
        return [commands.get(word[1:-1], word) if word[:1] == "{" else word for word in argv]


def prepare_program(program: Program, function: str | None, limits: Limits) -> PreparedProgram:
    """Plan a program: as a whole, or the calls of its ``function``.

    Raises:
        UnknownLanguage: there is no such language.
        SignatureError: its function cannot be called; a fault of the program.
        ValueError: one of its further files has a name that the language needs.
    """
    language = get_language(program.language)
    source = program.source.removeprefix("\ufeff")  # some of what looks at a program, or runs it, would not see past it
    plan = language.plan(source) if function is None else language.plan_call(source, function)
    ours = {language.source_name, "work", "build", *plan.files, *plan.outputs}
    taken = {name for name in program.files if name in ours or name.partition("/")[0] in ("work", "build")}
    if taken:
        raise ValueError(
            f"a program's further files cannot be called {', '.join(sorted(taken))}: the sandbox's own are"
        )
    plan = replace(plan, files={**plan.files, **program.files})
    return PreparedProgram(language, plan, limits, frozenset(program.files))


def called_function(inputs: Sequence[Input]) -> str | None:
    """The function that all ``inputs`` call; None if they are all stdin.

    Raises:
        ValueError: they are of both kinds, or call several functions.
    """
    functions = {input.function if isinstance(input, Call) else None for input in inputs}
    if len(functions) > 1:
        raise ValueError("the inputs of one run are all stdin, or all calls of one function; make several runs")
    return functions.pop() if functions else None


@dataclass(frozen=True)
class PreparedInput:
    """What one input sends to the program, and how its answer is known again."""

    stdin: bytes
    channel: bytes = b""
    nonce: str = ""
    """Of a call. New for every input, so that no program can have an answer ready."""


def prepare_input(input: Input) -> PreparedInput:
    """Raises ValueError: an argument of a call that JSON cannot hold."""
    if isinstance(input, Call):
        nonce = secrets.token_hex(8)
        return PreparedInput(b"", f"{nonce} {input.to_json()}\n".encode("ascii"), nonce)
    return PreparedInput(input.encode("utf-8", errors="surrogatepass") if isinstance(input, str) else input)


def result_of(
    outcome: Outcome, index: int, limits: Limits, stdout: bytes, stderr: bytes, channel: bytes, prepared: PreparedInput
) -> Result:
    """How the program did on one input."""
    status: Status = "ok"
    why, returned, instead = "", None, None
    if outcome.ended_by in _ENDED_BY:
        status, say = _ENDED_BY[outcome.ended_by]
        why = say(limits)
    elif outcome.signal is not None:
        status, why = "runtime_error", f"killed by signal {outcome.signal}"
    elif outcome.exit_code != 0:
        status, why = "runtime_error", f"exit code {outcome.exit_code}"
    elif prepared.nonce:
        returned = answer_of(channel, prepared.nonce)
        if returned is None and (instead := answer_of(channel, prepared.nonce, _NOTHING)) is not None:
            returned = "null"
        if returned is None:
            status = "tampered"
            why = (
                "the call brought no answer"
                if not channel.strip()
                else "the call brought something else than one answer"
            )
    return Result(
        index=index,
        status=status,
        stdout=stdout,
        stderr=stderr,
        returned=returned,
        instead=instead,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        cpu_s=outcome.cpu_s,
        wall_s=outcome.wall_s,
        peak_memory_bytes=outcome.peak_bytes,
        why=why,
    )


def answer_of(channel: bytes, nonce: str, opening: str = _VALUE) -> str | None:
    """The JSON text of the value in the one line ``NONCE {"value": …}`` that ``channel`` must be; else None."""
    head, tail = f"{nonce} {opening}", "}\n"
    try:
        text = channel.decode("ascii")
    except UnicodeDecodeError:
        return None
    if not text.startswith(head) or not text.endswith(tail) or text.count("\n") != 1:
        return None
    value = text[len(head) : -len(tail)].strip()
    try:  # one value and nothing behind it; integers of any length are fine, and so are NaN and Infinity
        json.loads(value, parse_int=len, parse_float=len, parse_constant=len)
    except (ValueError, RecursionError):
        return None
    return value


def compiled_of(outcome: Outcome, limits: Limits, said: bytes, outputs: Sequence[bytes]) -> Compiled:
    """What became of a build. A limit that the compiler hit is the program's fault, too."""
    if outcome.ended_by in _BUILD_ENDED_BY:
        return Compiled(False, said, why=_BUILD_ENDED_BY[outcome.ended_by](limits))
    if outcome.signal is not None:
        return Compiled(False, said, why=f"the compiler was killed by signal {outcome.signal}")
    if outcome.exit_code != 0:
        return Compiled(False, said, why=f"the compiler ended with exit code {outcome.exit_code}")
    return Compiled(True, said, tuple(outputs))


def compile_error(compiled: Compiled) -> Result:
    """The one result of a program that does not compile."""
    return Result(index=0, status="compile_error", stderr=compiled.log, why=compiled.why)


def signature_error(error: SignatureError) -> Result:
    """The one result of a program whose function cannot be called."""
    return Result(index=0, status="compile_error", stderr=f"{error}\n".encode(), why=str(error))


def with_origin(result: Result, backend: Backend, hello: Mapping[str, Any]) -> Result:
    """``result`` with the sandbox it comes from; ``hello`` is what the agent that ran it said of itself, if one did."""
    return replace(
        result,
        sandbox=backend.name,
        memory_limit="cgroup" if hello.get("memory_limit", "cgroup") == "cgroup" else "address_space",
        unsafe=backend.unsafe,
    )
