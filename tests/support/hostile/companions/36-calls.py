# It tries to reach 36-listens.py.
#
# verdict = "correct"
# tests = [["", "alone\n"]]

import socket, time

deadline = time.time() + 1.5
while time.time() < deadline:
    try:
        socket.socket(socket.AF_UNIX).connect("\0meet")
        print("met")
        break
    except OSError:
        time.sleep(0.05)
else:
    print("alone")
