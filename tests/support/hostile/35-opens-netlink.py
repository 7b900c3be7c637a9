# AF_NETLINK speaks to the kernel's network stack.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import socket

socket.socket(16, socket.SOCK_RAW)
