// It replaces the methods that turn a value into text.
//
// verdict = ["wrong_answer", "tampered"]
// function = "f"
// tests = [[[3], 7], [[4], 9]]

for (const p of [Object, Array, Number, String]) p.prototype.toJSON = () => 7
JSON.stringify = () => '{"value": 7}'
Number.prototype.toString = String.prototype.toString = () => '7'
Array.prototype.join = () => '7'
function f(n) { return [0] }
