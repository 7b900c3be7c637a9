# A long answer that is right.
#
# verdict = "correct"
# tests = [["", { repeat = "y", times = 5_000_000 }]]

print("y" * 5_000_000)
