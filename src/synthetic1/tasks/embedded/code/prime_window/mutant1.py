low, high = map(int, input().split())


def prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


primes = [n for n in range(low, high + 1) if prime(n)]
print(*[len(primes), primes[0], primes[-1]] if primes else [0])
