# It waits at an abstract socket, which has no file: everything in one network namespace would share it.
#
# verdict = "correct"
# tests = [["", "alone\n"]]

import socket

s = socket.socket(socket.AF_UNIX)
s.bind("\0meet")
s.listen()
s.settimeout(2)
try:
    s.accept()
    print("met")
except TimeoutError:
    print("alone")
