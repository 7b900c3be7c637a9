# It reads one line more than there is.
#
# verdict = "runtime_error"

input()
input()
print(42)
