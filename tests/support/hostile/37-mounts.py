# It mounts a file system.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import ctypes, sys

sys.exit(ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) != 0)
