# It ends with 10 MB of input unread: who writes the input must not fail or wait.
#
# verdict = "correct"
# tests = [[{ repeat = "x", times = 10_000_000 }, "42"]]

print(42)
