# The right answer does not make up for an abort.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
import os

os.abort()
