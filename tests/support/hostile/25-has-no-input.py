# Empty input is an end of file, not a terminal or a wait.
#
# verdict = "correct"
# tests = [["", "0"]]

import sys

print(len(sys.stdin.read()))
