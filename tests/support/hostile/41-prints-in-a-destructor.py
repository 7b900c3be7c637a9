# It adds to its answer when its objects are collected.
#
# verdict = ["wrong_answer", "tampered"]

print(int(input()) + 1, flush=True)
import os


class D:
    def __del__(self):
        os.write(1, b"or 43")


d = D()
