# ptrace would let a program change another.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import ctypes, sys

sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)
