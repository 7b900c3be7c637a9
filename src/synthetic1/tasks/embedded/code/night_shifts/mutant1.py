import sys

rows = [list(map(int, line.split())) for line in sys.stdin]
w, s, m = rows[0]
limits, places = [0, *rows[1]], [0, *rows[2]]
filled, total = 0, 0
for nurse, shift, pay in sorted(rows[3 : 3 + m], key=lambda offer: offer[2]):
    if limits[nurse] and places[shift]:
        limits[nurse] -= 1
        places[shift] -= 1
        filled += 1
        total += pay
print(filled, total)
