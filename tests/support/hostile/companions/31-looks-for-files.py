# It looks for what 31-leaves-files.py left.
#
# verdict = "correct"
# tests = [["", "absent\n"]]

import os

paths = [
    "left-behind",
    "/tmp/left-behind",
    "/var/tmp/left-behind",
    "/dev/shm/left-behind",
    "../left-behind",
    "~/left-behind",
]
found = [path for path in paths if os.path.lexists(os.path.expanduser(path))]
print(found or "absent")
