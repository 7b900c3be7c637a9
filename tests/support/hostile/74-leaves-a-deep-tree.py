# It leaves folders in folders, far deeper than a path can say, all closed.
#
# verdict = "wrong_answer"

import os

for top in ("/tmp", os.getcwd()):
    os.chdir(top)
    for _ in range(2000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
        os.chmod(".", 0o300)
    os.chmod(f"{top}/{'d' * 200}", 0)
print("nothing")
