# It looks for what 33-leaves-odd-files.py left.
#
# verdict = "correct"
# tests = [["", "absent\n"]]

import os

print(os.listdir(".") or "absent")
