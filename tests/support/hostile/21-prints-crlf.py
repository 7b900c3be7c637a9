# Lines may end as on Windows.
#
# verdict = "correct"

print(int(input()) + 1, end="\r\n")
