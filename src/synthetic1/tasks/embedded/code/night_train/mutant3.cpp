#include <cstdio>

int days_in(int month, int year) {
    if (month == 2) return 28 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    return 30 + (month + month / 8) % 2;
}

int main() {
    int n;
    std::scanf("%d", &n);
    while (n-- > 0) {
        int year, month, day, hour, minute, travel;
        std::scanf("%d-%d-%d %d:%d %d", &year, &month, &day, &hour, &minute, &travel);
        int total = hour * 60 + minute + travel;
        day += total / 1440;
        if (day > days_in(month, year)) {
            day -= days_in(month, year);
            if (++month > 12) month = 1, ++year;
        }
        std::printf("%04d-%02d-%02d %02d:%02d\n", year, month, day, total % 1440 / 60, total % 60);
    }
}
