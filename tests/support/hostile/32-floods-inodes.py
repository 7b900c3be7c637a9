# It creates empty files without end: they fill no space, only the table of files.
#
# verdict = ["runtime_error", "memory_limit"]

n = 0
while True:
    open(f"/tmp/{n}", "w").close()
    n += 1
