# It writes where programs are installed.
#
# verdict = "runtime_error"

print(int(input()) + 1, flush=True)
open("/usr/bin/x", "w")
