# io_uring makes system calls that no filter sees.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)

import ctypes, sys

libc = ctypes.CDLL(None, use_errno=True)
sys.exit(1 if libc.syscall(425, 8, ctypes.create_string_buffer(256)) < 0 else 0)
