# Bytes that are not UTF-8 make the answer wrong, and break nothing of ours.
#
# verdict = "wrong_answer"

import sys

sys.stdout.buffer.write(b"42\xff\xfe")
