# It leaves folders under the very names that a removal may want to move others to.
#
# verdict = "wrong_answer"

import os

for n in range(500):
    os.makedirs(f"/tmp/.moved-{n}/.moved-{n + 1}/.moved-{n}")
    os.chmod(f"/tmp/.moved-{n}/.moved-{n + 1}", 0o500)
    os.chmod(f"/tmp/.moved-{n}", 0o000)
print("nothing")
