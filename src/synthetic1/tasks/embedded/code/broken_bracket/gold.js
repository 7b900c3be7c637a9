const text = require("fs").readFileSync(0, "utf8").split("\n")[0];
const OPENING = { ")": "(", "]": "[", "}": "{" };

function fault(text) {
  const stillOpen = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if ("([{".includes(character)) {
      stillOpen.push(i);
    } else if (character in OPENING) {
      if (stillOpen.length === 0) return i + 1;
      if (text[stillOpen.pop()] !== OPENING[character]) return i + 1;
    }
  }
  return stillOpen.length > 0 ? stillOpen[0] + 1 : "ok";
}

console.log(fault(text));
