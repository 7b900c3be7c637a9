#include <cstdio>

bool leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(int month, int year) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leap(year));
}

int main() {
    int n;
    std::scanf("%d", &n);
    while (n-- > 0) {
        int year, month, day, hour, minute, travel;
        std::scanf("%d-%d-%d %d:%d %d", &year, &month, &day, &hour, &minute, &travel);
        int total = hour * 60 + minute + travel;
        day += total / 1440;
        total %= 1440;
        while (day > days_in(month, year)) {
            day -= days_in(month, year);
            if (++month > 12) {
                month = 1;
                ++year;
            }
        }
        std::printf("%04d-%02d-%02d %02d:%02d\n", year, month, day, total / 60, total % 60);
    }
}
