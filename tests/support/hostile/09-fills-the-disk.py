# It writes files until nothing more fits: into its file system, which is small, or into its memory limit.
#
# verdict = ["runtime_error", "memory_limit"]

chunk, n = b"x" * (1 << 20), 0
while True:
    with open(f"/tmp/{n}", "wb") as file:
        for _ in range(32):
            file.write(chunk)
    n += 1
