# It exits with code 0 and has said nothing.
#
# verdict = "wrong_answer"

exit(0)
print(int(input()) + 1, flush=True)
