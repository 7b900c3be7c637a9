# The right answer does not make up for an exit code other than 0.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
raise SystemExit(3)
