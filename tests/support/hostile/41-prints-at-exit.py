# It adds to its answer after its last statement.
#
# verdict = ["wrong_answer", "tampered"]

print(int(input()) + 1, flush=True)
import atexit

atexit.register(lambda: print("or 43"))
