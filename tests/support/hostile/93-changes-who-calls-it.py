# It answers right and fails, having changed all that it finds in its callers' frames and written to every descriptor.
#
# verdict = "runtime_error"

import os, struct, sys

print(int(input()) + 1, flush=True)
frame = sys._getframe()
while frame := frame.f_back:
    for names in (frame.f_globals, frame.f_locals):
        for name in list(names):
            if not name.startswith("__"):
                names[name] = lambda *_, **__: 0
for fd in range(3, 64):
    try:
        os.write(fd, struct.pack("=idq", 0, 0.0, 0))
    except OSError:
        pass
sys.exit(3)
