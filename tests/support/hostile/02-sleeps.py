# It uses no CPU time, so only the clock can end it. The clock allows 2 s more than twice the CPU limit.
#
# verdict = "time_limit"
# says = "by the clock"
# time_limit_s = 0.2

import time

time.sleep(1000)
