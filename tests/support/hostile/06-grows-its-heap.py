# It touches more and more memory.
#
# verdict = "memory_limit"

x = []
while True:
    x.append(bytearray(b"x") * (1 << 20))
