# A NUL byte in the answer makes it wrong, and breaks nothing of ours.
#
# verdict = "wrong_answer"

import sys

sys.stdout.buffer.write(b"42\0")
