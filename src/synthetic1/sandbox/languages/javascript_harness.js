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
const MAX_NODES = 1_000_000;
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
// -0 is 0; NaN and the infinities are written NaN, Infinity, -Infinity. Linked lists and trees are the lists that LeetCode
// shows them as.
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
      throw new Failure(`a ${typeof value} is not a plain value`);
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
      throw new Failure(`a Map with keys of type ${typeof key} is not a plain value`);
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
  if (prototype !== plain && prototype !== null) {
    const values = unlinked(value);
    if (values === undefined) throw new Failure("an object of a class is not a plain value");
    return encode(values, depth);
  }
  const names = keys(value);
  for (let i = 0; i < names.length; i++) member(value[names[i]], names[i]);
  return `{${out}}`;
}

// Nodes -----------------------------------------------------------------------------------------------------------------

// What LeetCode supplies; a program's own come before them.
globalThis.ListNode = function ListNode(val, next) {
  this.val = val === undefined ? 0 : val;
  this.next = next === undefined ? null : next;
};
globalThis.TreeNode = function TreeNode(val, left, right) {
  this.val = val === undefined ? 0 : val;
  this.left = left === undefined ? null : left;
  this.right = right === undefined ? null : right;
};

// What the source says of the function: which of its parameters are nodes (a kind, or "" each; "ListNode[]" are many of
// them), which its result is, and whether it returns nothing. That is said in a comment before the function, as LeetCode
// has them; without one, parameters are nodes that are called head, l1, root … in a program with members next, or left.
function readSignature(source) {
  const before = /^\s*(?:export\s+)?(?:default\s+)?(?:static\s+)?(?:async\s+)?(?:(?:var|let|const|function\*?)\s+)?/.source;
  const defined = new RegExp(`${before}(?:[\\w$]+\\.)*${NAME}\\b`);
  let comment;
  for (const block of source.matchAll(/\/\*\*[^]*?\*\//g)) {
    if (defined.test(source.slice(block.index + block[0].length, block.index + block[0].length + 300))) comment = block[0];
  }
  const kind = (type) => (/\b(?:ListNode|TreeNode|Node)\b(?:\[\])?/.exec(type || "") || [""])[0];
  if (comment !== undefined) {
    const result = (/@returns?\s*\{([^}]*)\}/.exec(comment) || [])[1];
    return {
      parameters: [...comment.matchAll(/@param\s*\{([^}]*)\}/g)].map((found) => kind(found[1])),
      result: kind(result),
      nothing: result === undefined || /^\s*(?:void|undefined|null)\s*$/.test(result),
    };
  }
  const listed = new RegExp(`\\b${NAME}\\s*[=:]?\\s*(?:async\\s*)?(?:function\\s*[\\w$]*\\s*)?(?:\\(([^()]*)\\)|([\\w$]+)\\s*=>)`);
  const [, several, single] = listed.exec(source) || [];
  const usual = (name) => {
    if (/^(?:head[A-Z0-9]?|l[12]|list[12])$/.test(name) && /\.next\b/.test(source)) return "ListNode";
    return /^(?:root[A-Z0-9]?|subRoot)$/.test(name) && /\.left\b/.test(source) ? "TreeNode" : "";
  };
  const parameters = (several || single || "").split(",").map((name) => usual(name.trim()));
  const returns = /\breturn\b[ \t]*(?!null\b|undefined\b)[^;\s}]/.test(source);
  return { parameters, result: returns ? parameters[0] : "", nothing: true };
}

// Of a list of values, or undefined where there is no node, a linked list; or a tree, level by level.
function linked(Kind, values) {
  const nodes = bare();
  for (let i = 0; i < values.length; i++) nodes[i] = values[i] === null ? null : new Kind(values[i]);
  if (nodes.length === 0 || nodes[0] === null) return null;
  const tree = "left" in nodes[0];
  let child = 1;
  for (let i = 0; i < nodes.length; i++) {
    if (!tree) nodes[i].next = i + 1 < nodes.length ? nodes[i + 1] : null;
    else if (nodes[i] !== null) {
      nodes[i].left = child < nodes.length ? nodes[child++] : null;
      nodes[i].right = child < nodes.length ? nodes[child++] : null;
    }
  }
  return nodes[0];
}

// The values of a linked list or a tree, as linked() takes them; undefined for anything else.
function unlinked(first) {
  if (!("val" in first)) return undefined;
  const values = bare();
  const add = (node) => {
    if (values.length === MAX_NODES) throw new Failure("nodes that are linked in a circle are not a plain value");
    values[values.length] = node ? node.val : null;
  };
  if ("left" in first && "right" in first) {
    const nodes = bare();
    nodes[0] = first;
    for (let i = 0; i < nodes.length; i++) {
      add(nodes[i]);
      if (!nodes[i]) continue;
      nodes[nodes.length] = nodes[i].left;
      nodes[nodes.length] = nodes[i].right;
    }
    while (values[values.length - 1] === null) values.length--;
    return values;
  }
  if (!("next" in first)) return undefined;
  for (let node = first; node; node = node.next) add(node);
  return values;
}

// An array on which the program has no setters.
function bare() {
  const array = [];
  setPrototypeOf(array, null);
  return array;
}

// The program -------------------------------------------------------------------------------------------------------------

// Runs the program as Node runs a CommonJS file. The line after it sees all that it binds at top level.
function load(file) {
  const source = fs.readFileSync(file, "utf8").replace(/^\uFEFF?#!.*/, "");
  const signature = readSignature(source);
  const shown = (name) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`;
  const wrapped =
    `(function (exports, require, module, __filename, __dirname) {${source}\n` +
    `;return {__proto__: null, f: typeof ${NAME} === "undefined" ? undefined : ${NAME},` +
    ` ${shown("Solution")}, ${shown("ListNode")}, ${shown("TreeNode")}, ${shown("Node")}};\n})`;
  const module = { exports: {} };
  const body = new vm.Script(wrapped, { filename: file }).runInThisContext();
  const bound =
    apply(body, module.exports, [module.exports, createRequire(file), module, file, path.dirname(file)]) ||
    { __proto__: null }; // the program returned by itself
  const call = find(bound, module.exports);
  return (args) => answer(call, args, signature, bound);
}

// What is to be called: a method of Solution, or what has the function's name at top level or is exported.
function find(bound, exported) {
  const candidates = [bound.Solution, exported && exported.Solution, exported];
  for (let i = 0; i < candidates.length; i++) {
    const solution = candidates[i];
    if (solution && typeof solution[NAME] === "function") return (args) => apply(solution[NAME], solution, args);
    if (typeof solution !== "function" || !solution.prototype) continue;
    if (typeof solution.prototype[NAME] !== "function" && solution !== bound.Solution) continue;
    const made = new solution();
    if (typeof made[NAME] === "function") return (args) => apply(made[NAME], made, args);
  }
  const found = typeof bound.f === "function" ? bound.f : exported;
  if (typeof found !== "function") throw new Failure(`the program has no function ${NAME}`);
  return (args) => apply(found, undefined, args);
}

// Call it; the value that it returned as JSON, with what stands for it if that is nothing: [] of nodes, else the first
// argument after the call, of a function that does not say that it returns something.
async function answer(call, args, signature, bound) {
  const { parameters, result, nothing } = signature;
  for (let i = 0; i < args.length && i < parameters.length; i++) {
    const kind = parameters[i];
    if (!kind || !isArray(args[i])) continue;
    const many = indexOf(kind, "[") >= 0;
    const Kind = bound[many ? slice(kind, 0, -2) : kind];
    if (typeof Kind !== "function") continue;
    if (!many) args[i] = linked(Kind, args[i]);
    else for (let j = 0; j < args[i].length; j++) if (isArray(args[i][j])) args[i][j] = linked(Kind, args[i][j]);
  }
  const first = args[0];
  let value = call(args);
  if (isPromise(value)) value = await value;
  if ((value === undefined || value === null) && result) return 'null, "instead": []';
  if (value === undefined && nothing && (isArray(first) || (typeof first === "object" && first !== null))) {
    try {
      return `null, "instead": ${encode(first)}`;
    } catch {
      return "null"; // it cannot be shown, and is not asked for where nothing is expected
    }
  }
  if (value === undefined && nothing && parameters[0]) return 'null, "instead": []';
  return encode((result && typeof value === "object" && !isArray(value) && unlinked(value)) || value);
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
    send(`${slice(line, 0, at)} {"value": ${await call(parse(slice(line, at + 1)))}}\n`);
  }
  apply(exit, process, [0]); // timers and servers of the program do not matter after the last answer
}

serve(load(path.resolve("../candidate.js")));
