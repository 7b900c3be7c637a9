# A user namespace would make it root in it.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import ctypes, sys

sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)
