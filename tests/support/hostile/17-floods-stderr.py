# It writes 50 MB to stderr, which are dropped, and the right answer to stdout.
#
# verdict = "correct"

import sys

for _ in range(800):
    sys.stderr.write("x" * 65536)
print(int(input()) + 1, flush=True)
