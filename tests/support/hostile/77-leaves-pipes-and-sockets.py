# It leaves named pipes and sockets, which wait for who opens them, and links in circles.
#
# verdict = "wrong_answer"

import os, socket

for n in range(200):
    for top in ("/tmp", "."):
        os.mkfifo(f"{top}/pipe-{n}")
        os.symlink(f"link-{n + 1}", f"{top}/link-{n}")
        os.symlink("..", f"{top}/up-{n}")
        socket.socket(socket.AF_UNIX).bind(f"{top}/socket-{n}")
for n in range(60):
    os.link("/tmp/pipe-0", f"/tmp/again-{n}")
os.symlink("link-0", "link-200")
print("nothing")
