# AF_VSOCK leads to the host of a virtual machine, past network namespaces.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import socket

socket.socket(40, socket.SOCK_STREAM)
