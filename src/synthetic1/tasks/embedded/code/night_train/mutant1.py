def days_in(month: int, year: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


for _ in range(int(input())):
    date, time, travel = input().split()
    year, month, day = map(int, date.split("-"))
    hour, minute = map(int, time.split(":"))
    total = hour * 60 + minute + int(travel)
    day += total // 1440
    while day > days_in(month, year):
        day -= days_in(month, year)
        month += 1
        if month > 12:
            month, year = 1, year + 1
    print(f"{year}-{month:02}-{day:02} {total % 1440 // 60:02}:{total % 60:02}")
