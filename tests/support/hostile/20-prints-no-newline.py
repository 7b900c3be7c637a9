# The newline at the end of an answer is optional.
#
# verdict = "correct"

print(int(input()) + 1, end="")
