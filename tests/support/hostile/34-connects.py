# It connects to another machine; 192.0.2.1 belongs to nobody.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import socket

socket.create_connection(("192.0.2.1", 80), timeout=1)
