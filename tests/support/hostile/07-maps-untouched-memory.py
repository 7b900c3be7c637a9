# It maps 4 GiB and touches none of them: what counts is memory that is used.
#
# verdict = "correct"

import mmap

space = mmap.mmap(-1, 4 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
print(int(input()) + 1, flush=True)
