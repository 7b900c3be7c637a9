# It leaves pipes, links, folders that cannot be entered and names that cannot be printed. All of them are removed,
# so that it can make them again.
#
# verdict = "correct"
# tests = [["41\n", "42\n"], ["1\n", "2\n"]]
# next = ["companions/33-lists-its-folder.py", "33-leaves-odd-files.py", "companions/answers.py"]

import os

os.mkfifo("pipe")
os.symlink("/etc/passwd", "link")
os.symlink("nowhere", "dangling")
os.link("link", "hard")
os.makedirs("a/b/c")
open("a/b/c/file", "w").close()
os.mkfifo("/tmp/pipe")
os.chmod("a/b/c", 0)
os.chmod("a", 0)
os.mkdir("x" * 255)
open("\n\udcff", "w").close()
print(int(input()) + 1, flush=True)
