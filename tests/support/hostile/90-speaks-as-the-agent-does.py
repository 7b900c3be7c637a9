# It writes frames of the agent's own protocol wherever it can: a result, the end of a job, a fault, half a header.
#
# verdict = ["wrong_answer", "output_limit"]

import json, os, struct

frames = [{"op": "fault", "id": 1, "why": "no"}, {"op": "done", "id": 1, "clean": True}, {"op": "hello", "protocol": 1}]
outcome = {"exit_code": 0, "signal": None, "ended_by": None, "cpu_s": 0, "wall_s": 0, "peak_bytes": 0}
frames += [{"op": "result", "id": 1, "index": 0, "outcome": outcome, "interpreter": "fresh"}]
for frame in frames:
    text = json.dumps({**frame, "blobs": []}).encode()
    for path in ("/proc/1/fd/1", "/proc/1/fd/0", "/dev/stdout", "/dev/stderr", "/dev/console", "/dev/tty"):
        try:
            with open(path, "wb", 0) as file:
                file.write(struct.pack("!I", len(text)) + text)
        except OSError:
            pass
os.write(1, b"\xff\xff")
