const SMALL = new Set(["of", "the", "and"]);

function initials(name) {
  const words = name.split(/[ -]+/).filter((word) => word !== "");
  return words
    .filter((word, position) => position === 0 || !SMALL.has(word))
    .map((word) => word.replace(/^'+/, "").slice(0, 1).toUpperCase())
    .join("");
}
