# It answers right and fails, having replaced what ends an interpreter: what runs it must not go on in its place.
#
# verdict = "runtime_error"

import os, sys

print(int(input()) + 1, flush=True)
os._exit = os.abort = lambda *_: None
sys.exit(3)
