function squeeze(text) {
  let result = "";
  let start = 0;
  while (start < text.length) {
    let end = start;
    while (end < text.length && text[end] === text[start]) end++;
    result += text[start];
    if (end - start > 1) result += String(end - start);
    start = end;
  }
  return result;
}
