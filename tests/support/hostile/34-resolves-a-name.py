# It asks for the address of a name.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import socket

socket.getaddrinfo("example.org", 80)
