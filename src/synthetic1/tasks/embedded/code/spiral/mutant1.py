def spiral(field: list[list[int]]) -> list[int]:
    size = len(field)
    walk = []
    for layer in range((size + 1) // 2):
        last = size - 1 - layer
        if layer == last:
            walk.append(field[layer][layer])
            continue
        walk += [field[layer][c] for c in range(layer, last)]
        walk += [field[r][last] for r in range(layer, last)]
        walk += [field[last][c] for c in range(last, layer, -1)]
        walk += [field[r][layer] for r in range(last, layer, -1)]
    return walk
