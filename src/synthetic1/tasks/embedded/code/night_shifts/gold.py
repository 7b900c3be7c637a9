import sys
from collections import deque


class Network:
    """A flow network; edge `e` and its reverse `e ^ 1` stand side by side."""

    def __init__(self, nodes: int) -> None:
        self.leaving: list[list[int]] = [[] for _ in range(nodes)]
        self.target: list[int] = []
        self.room: list[int] = []
        self.cost: list[int] = []

    def add(self, start: int, end: int, room: int, cost: int) -> None:
        for node, other, amount, price in ((start, end, room, cost), (end, start, 0, -cost)):
            self.leaving[node].append(len(self.target))
            self.target.append(other)
            self.room.append(amount)
            self.cost.append(price)

    def cheapest_way(self, source: int, sink: int) -> list[int]:
        """The edges of the cheapest way that has room, from its end to its start; empty if there is none."""
        far = 10**18
        price = [far] * len(self.leaving)
        edge_to = [-1] * len(self.leaving)
        price[source] = 0
        queue, waiting = deque([source]), {source}
        while queue:
            node = queue.popleft()
            waiting.discard(node)
            for edge in self.leaving[node]:
                other = self.target[edge]
                if self.room[edge] and price[node] + self.cost[edge] < price[other]:
                    price[other] = price[node] + self.cost[edge]
                    edge_to[other] = edge
                    if other not in waiting:
                        waiting.add(other)
                        queue.append(other)
        way = []
        node = sink
        while edge_to[node] >= 0:
            way.append(edge_to[node])
            node = self.target[edge_to[node] ^ 1]
        return way


def main() -> None:
    rows = [list(map(int, line.split())) for line in sys.stdin]
    w, s, m = rows[0]
    source, sink = 0, w + s + 1
    network = Network(sink + 1)
    for nurse, limit in enumerate(rows[1], 1):
        network.add(source, nurse, limit, 0)
    for shift, places in enumerate(rows[2], 1):
        network.add(w + shift, sink, places, 0)
    for nurse, shift, pay in rows[3 : 3 + m]:
        network.add(nurse, w + shift, 1, pay)

    filled, total = 0, 0
    while way := network.cheapest_way(source, sink):
        for edge in way:
            network.room[edge] -= 1
            network.room[edge ^ 1] += 1
            total += network.cost[edge]
        filled += 1
    print(filled, total)


main()
