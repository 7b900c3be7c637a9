# It starts threads until the limit of processes refuses one.
#
# verdict = "runtime_error"

import threading, time

while True:
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
