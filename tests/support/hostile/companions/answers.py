# An honest program, to see that a slot still works.
#
# verdict = "correct"
# tests = [["41\n", "42\n"], ["1\n", "2\n"]]

print(int(input()) + 1, flush=True)
