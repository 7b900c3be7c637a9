"""The verifier of programs: do they pass the task's tests, in a sandbox, with nothing to gain but by solving it?

``verification_info`` of a ``verifiable_code`` task
===================================================

A SYNTHETIC-1 row as it is published (``language`` and ``test_cases``) is one already; the rest is optional, and ``None``
is as good as absent.

=================== ===================================================================================================
``language``        ``python``, ``javascript``, ``rust``, ``cpp``, or an alias such as ``c++``.
``test_cases``      A list of tests, at least one unless there are ``assertions``; the two kinds may be mixed.

                    ``{"type": "stdin_stdout", "input": str, "output": str}``: a whole program. A list of strings,
                    for either, is its lines.

                    ``{"type": "function_call", "fn_name": str, "input": [arg, …], "output": value}``: a function, or
                    a method of a class ``Solution``, called with these arguments. JSON values; ``output`` is the
                    value itself (readers unwrap formats that write ``[value]``).
``checker``         How an output is compared, one for all tests; ``"tokens"`` if it is absent. See below.
``time_limit_s``    CPU seconds a test may take, a number; else the verifier's ``time_limit_s``.
``memory_limit_mb`` MiB, a number; else the verifier's. At least 128 are given: published limits were set for C++.
``assertions``      Instead of ``test_cases``, HumanEval's way, for Python: ``{"code": str, "entry_point": str,
                    "prelude": str, "trust": str}``. ``code`` defines ``check(candidate)``, which raises unless the
                    function named ``entry_point`` is right. ``prelude`` (optional) is code that assertions and
                    completions may build upon: HumanEval's prompt. See ``synthetic1.rewards.assertions``.
``input_file``,     Only ``""``, ``"stdin"`` and ``"stdout"``: a program that reads and writes named files cannot be
``output_file``     judged.
=================== ===================================================================================================

Further keys are ignored, so are those of a test (``fn_name: None`` …).

========================================== ==================================== ======================================
``checker``                                for ``stdin_stdout``                 for ``function_call``
========================================== ==================================== ======================================
``"tokens"``                               token by token; where the expected   equal JSON values, typed (``True`` is
                                           token is a float, within 1e-6        not 1); where the expected number is
                                           (absolute or relative)               a float, within 1e-6
``"exact"``                                every character; CRLF counts as LF,  equal JSON values, typed; floats too
                                           one newline at the end is optional
``"lines"``                                line by line; spaces at a line's     –
                                           end and empty lines at the end
                                           do not count
``"unordered"``                            as ``lines``, in any order           as ``exact``, but the outermost list
                                                                                in any order
``"yes_no"``                               as ``tokens``, exact; yes and no in  –
                                           any case
``{"float": {"abs": a, "rel": r}}``        as ``tokens`` with these tolerances  as ``tokens`` with these tolerances
                                           (each 0 if absent), for any token
                                           that is a number
``{"program": source}``                    a Python program that defines ``check(input, output, expected)``, three
                                           strings (for calls: JSON texts), and returns ``True``, or ``False`` or a
                                           line that says why the output is refused
========================================== ==================================== ======================================

A task without tests, with malformed ones or in an unknown language is ``unscorable_task``: the details name task and
field. The completion's program is its last fenced block in the task's language: ``extract.last_code_block``.
"""

from __future__ import annotations
