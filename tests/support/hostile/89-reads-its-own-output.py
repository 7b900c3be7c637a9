# It takes its output out of the pipe again, in processes that stay, and writes into its own input.
#
# verdict = "wrong_answer"

import os, time

for fd in (1, 2):
    if os.fork() == 0:
        os.setsid()
        again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
        while True:
            os.read(again, 1 << 16)
time.sleep(0.1)
for _ in range(20):
    os.write(1, b"42\n" * 10)
    os.write(2, b"x" * 1000)
print("nothing")
