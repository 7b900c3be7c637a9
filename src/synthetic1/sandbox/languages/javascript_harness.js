// Serves calls of a function of the program ../candidate.js over the channel. Runs in the sandbox.
//
// The program is untrusted and shares the realm: everything used after it was loaded is taken before, and free of
// prototypes it could have changed. What it writes to the channel itself gains it nothing: the right answers are not here.
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");
const { createRequire } = require("module");
const types = require("util").types;

const NAME = "@function@";
const CHANNEL = 3;
const DEPTH = 500; // of a value; JSON readers stop at about a thousand

const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const charCodeAt = uncurry(String.prototype.charCodeAt);
const indexOf = uncurry(String.prototype.indexOf);
const slice = uncurry(String.prototype.slice);
const hex = uncurry(Number.prototype.toString);
const bytesToText = uncurry(Buffer.prototype.toString);
const mapForEach = uncurry(Map.prototype.forEach);
const setForEach = uncurry(Set.prototype.forEach);
const sort = uncurry(Array.prototype.sort);
const apply = uncurry(Function.prototype.apply);
const { isArray } = Array;
const { keys, getPrototypeOf, setPrototypeOf, prototype: plain } = Object;
const { isMap, isSet, isTypedArray, isPromise } = types;
const { readSync, writeSync } = fs;
const { parse, stringify } = JSON;
const allocate = Buffer.alloc;
const fromText = Buffer.from;
const part = uncurry(Buffer.prototype.subarray);
const { isInteger } = Number;
const toBigInt = BigInt;
const Failure = TypeError;
const exit = process.exit;

function encodeString(text) {
  const quoted = stringify(text); // of a primitive string this looks up nothing
  let out = "";
  let start = 0;
  for (let i = 0; i < quoted.length; i++) {
    const code = charCodeAt(quoted, i);
    if (code < 127) continue;
    out += slice(quoted, start, i) + "\\u" + slice("000" + hex(code, 16), -4);
    start = i + 1;
  }
  return out + slice(quoted, start);
}

// A plain value as ASCII JSON. undefined and holes are null, a BigInt its digits, a Map an object, a Set a sorted list,
// -0 is 0; NaN and the infinities are written NaN, Infinity, -Infinity.
function encode(value, depth = 0) {
  switch (typeof value) {
    case "undefined":
      return "null";
    case "boolean":
    case "bigint":
      return `${value}`;
    case "number":
      // All digits of a large integer, which JavaScript itself would round for show: 2 ** 60 is 1152921504606846976.
      return isInteger(value) && (value >= 1e15 || value <= -1e15) ? `${toBigInt(value)}` : `${value}`;
    case "string":
      return encodeString(value);
    case "object":
      break;
    default:
      throw new Failure(`a ${typeof value} is no plain value`);
  }
  if (value === null) return "null";
  if (depth > DEPTH) throw new Failure(`nested more than ${DEPTH} deep`);
  if (isArray(value) || isTypedArray(value)) {
    let out = "";
    const length = value.length;
    for (let i = 0; i < length; i++) out += (i ? "," : "") + encode(value[i], depth + 1);
    return `[${out}]`;
  }
  let out = "";
  const member = (item, key) => {
    if (typeof key === "object" || typeof key === "function" || typeof key === "symbol") {
      throw new Failure(`a Map with keys of type ${typeof key} is no plain value`);
    }
    out += (out && ",") + encodeString(`${key}`) + ":" + encode(item, depth + 1);
  };
  if (isMap(value)) {
    mapForEach(value, member);
    return `{${out}}`;
  }
  if (isSet(value)) {
    const items = [];
    setPrototypeOf(items, null);
    let numbers = true;
    setForEach(value, (item) => {
      numbers = numbers && (typeof item === "number" || typeof item === "bigint");
      items[items.length] = { item, text: encode(item, depth + 1) };
    });
    if (numbers) sort(items, (a, b) => (a.item < b.item ? -1 : a.item > b.item ? 1 : 0));
    else sort(items, (a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    for (let i = 0; i < items.length; i++) out += (i ? "," : "") + items[i].text;
    return `[${out}]`;
  }
  const prototype = getPrototypeOf(value);
  if (prototype !== plain && prototype !== null) throw new Failure("an object of a class is no plain value");
  const names = keys(value);
  for (let i = 0; i < names.length; i++) member(value[names[i]], names[i]);
  return `{${out}}`;
}

// Runs the program as Node runs a CommonJS file. The line after it sees all that it binds at top level.
function load(file) {
  const source = fs.readFileSync(file, "utf8").replace(/^\uFEFF?#!.*/, "");
  const wrapped =
    `(function (exports, require, module, __filename, __dirname) {${source}\n` +
    `;return {__proto__: null, f: typeof ${NAME} === "undefined" ? undefined : ${NAME},` +
    ` Solution: typeof Solution === "undefined" ? undefined : Solution};\n})`;
  const module = { exports: {} };
  const body = new vm.Script(wrapped, { filename: file }).runInThisContext();
  const bound =
    apply(body, module.exports, [module.exports, createRequire(file), module, file, path.dirname(file)]) ||
    { __proto__: null }; // the program returned by itself
  const { Solution } = bound;
  if (typeof Solution === "function") {
    if (Solution.prototype && typeof Solution.prototype[NAME] === "function") {
      const solution = new Solution();
      return (args) => apply(solution[NAME], solution, args);
    }
    if (typeof Solution[NAME] === "function") return (args) => apply(Solution[NAME], Solution, args);
  }
  const exported = module.exports;
  const found = [bound.f, exported && exported[NAME], exported].find((one) => typeof one === "function");
  if (found === undefined) throw new Failure(`the program has no function ${NAME}`);
  return (args) => apply(found, undefined, args);
}

const chunk = allocate(1 << 16);
let rest = "";

function nextLine() {
  let end;
  while ((end = indexOf(rest, "\n")) < 0) {
    const length = readSync(CHANNEL, chunk, 0, chunk.length, null);
    if (length === 0) return null;
    rest += bytesToText(chunk, "latin1", 0, length);
  }
  const line = slice(rest, 0, end);
  rest = slice(rest, end + 1);
  return line;
}

function send(text) {
  let bytes = fromText(text, "latin1");
  while (bytes.length > 0) {
    try {
      bytes = part(bytes, writeSync(CHANNEL, bytes, 0, bytes.length, null));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error; // Node makes some descriptors non-blocking behind our back
    }
  }
}

async function serve(call) {
  for (let line = nextLine(); line !== null; line = nextLine()) {
    const at = indexOf(line, " ");
    let value = call(parse(slice(line, at + 1)));
    if (isPromise(value)) value = await value;
    send(`${slice(line, 0, at)} {"value": ${encode(value)}}\n`);
  }
  apply(exit, process, [0]); // timers and servers of the program do not matter after the last answer
}

serve(load(path.resolve("../candidate.js")));
