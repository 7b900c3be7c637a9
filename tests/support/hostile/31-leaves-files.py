# It leaves files wherever it can; the next program must find none.
#
# verdict = "correct"
# tests = [["41\n", "42\n"], ["1\n", "2\n"]]
# next = ["companions/31-looks-for-files.py", "companions/answers.py"]

import os

paths = [
    "left-behind",
    "/tmp/left-behind",
    "/var/tmp/left-behind",
    "/dev/shm/left-behind",
    "../left-behind",
    "~/left-behind",
]
for path in paths:
    try:
        open(os.path.expanduser(path), "w").write("here")
    except OSError:
        pass
print(int(input()) + 1, flush=True)
