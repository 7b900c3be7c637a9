from datetime import datetime, timedelta


def main() -> None:
    for _ in range(int(input())):
        date, time, minutes = input().split()
        departure = datetime.strptime(f"{date} {time}", "%Y-%m-%d %H:%M")
        arrival = departure + timedelta(minutes=int(minutes))
        print(arrival.strftime("%Y-%m-%d %H:%M"))


main()
