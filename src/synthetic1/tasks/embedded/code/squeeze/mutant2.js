function squeeze(text) {
  return text.replace(/(.)\1*/g, (run, letter) => letter + run.length);
}
