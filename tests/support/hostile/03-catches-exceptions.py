# A limit that is an exception inside the program would be caught here.
#
# verdict = "time_limit"
# time_limit_s = 0.5

while True:
    try:
        while True:
            pass
    except BaseException:
        pass
