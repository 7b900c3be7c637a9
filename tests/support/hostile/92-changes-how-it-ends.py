# It answers right and fails, with all that runs at an interpreter's end replaced by what says it went well.
#
# verdict = "runtime_error"

import atexit, gc, os, sys, threading


def well(*_):
    raise SystemExit(0)


print(int(input()) + 1, flush=True)
os._exit = threading._shutdown = atexit._run_exitfuncs = gc.collect = well
raise ValueError
