# It leaves thousands of files with the longest names, none of which is text.
#
# verdict = "wrong_answer"

import os

folder = os.fsencode(os.environ["HOME"])
for n in range(6_000):
    os.mknod(folder + b"/" + b"\xff" * 240 + str(n).encode(), 0o000)
print("nothing")
