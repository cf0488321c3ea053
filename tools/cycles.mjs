// Files of one crate that import each other in a circle, found by their `use` lines: node tools/cycles.mjs
// Prints each circle with its files and exits with 1 if there is one. A `mod.rs` or `lib.rs` that only lists and re-exports its
// modules is looked through: `crate::folder::Name` counts as an import of the file that defines `Name`.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every Rust file below a folder. */
function rustFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".rs"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** The source folders of the workspace's crates. */
function sources() {
  const members = /members = \[([^\]]*)\]/.exec(readFileSync(join(top, "Cargo.toml"), "utf8"))?.[1] ?? "";
  return [...members.matchAll(/"([^"]+)"/g)].map(([, member]) => join(top, member ?? "", "src"));
}

/** `a::{b, c::{self, D}}` as its paths. */
function flatten(tree) {
  const brace = tree.indexOf("{");
  if (brace < 0) return [tree.replace(/\s+as\s+\S+/, "").replace(/\s/g, "").split("::")];
  const prefix = tree.slice(0, brace).replace(/\s/g, "").split("::").filter(Boolean);
  const parts = [];
  let depth = 0;
  let part = "";
  for (const c of tree.slice(brace + 1, tree.lastIndexOf("}"))) {
    if (c === "{") depth += 1;
    if (c === "}") depth -= 1;
    if (c === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += c;
  }
  return [...parts, part].filter((one) => one.trim()).flatMap((one) => flatten(one.trim()).map((path) => [...prefix, ...path]));
}

/** What a file imports from its own crate, with `self` and `super` resolved; its inline tests do not count. */
function imports(text, module) {
  const code = text.split(/^#\[cfg\(test\)\]\n(?:#\[.*\]\n)*(?:pub )?mod tests? \{/m)[0].replace(/^\s*\/\/.*$/gm, "");
  const used = [...code.matchAll(/^(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/gm)].flatMap(([, tree]) => flatten(tree));
  const inline = [...code.matchAll(/\b(?:crate|super)(?:::[a-z_]\w*)+(?:::\w+)?/g)].map(([path]) => path.split("::"));
  return [...used, ...inline].flatMap((path) => {
    if (path[0] === "crate") return [path.slice(1)];
    if (path[0] !== "super" && path[0] !== "self") return [];
    const at = [...module];
    let i = path[0] === "self" ? 1 : 0;
    for (; path[i] === "super"; i += 1) at.pop();
    return [[...at, ...path.slice(i)]];
  });
}

/** The circles of one crate. */
function circles(source) {
  const files = new Map();
  for (const path of rustFiles(source)) {
    const segments = relative(source, path).slice(0, -3).split(sep);
    if (["mod", "lib", "main"].includes(segments.at(-1))) segments.pop();
    const isRoot = relative(source, path) === "main.rs";
    files.set(isRoot ? "main" : segments.join("::"), { path, text: readFileSync(path, "utf8"), segments });
  }
  // Where a re-exported name comes from.
  const exported = new Map();
  for (const { text, segments } of files.values()) {
    for (const [, tree] of text.matchAll(/^(?:pub(?:\([^)]*\))?\s+)use\s+([^;]+);/gm)) {
      for (const path of flatten(tree)) {
        if (["crate", "super"].includes(path[0])) continue;
        exported.set([...segments, path.at(-1)].join("::"), [...segments, ...path.filter((one) => one !== "self")]);
      }
    }
  }
  /** The file that defines what a path names. */
  const owner = (path, depth = 0) => {
    const key = path.join("::");
    const from = exported.get(key);
    if (from && depth < 5 && from.join("::") !== key) return owner(from, depth + 1);
    for (let end = path.length; end > 0; end -= 1) {
      const module = path.slice(0, end).join("::");
      if (files.has(module)) return module;
      const reexport = exported.get(module);
      if (reexport && depth < 5 && reexport.join("::") !== module) return owner([...reexport, ...path.slice(end)], depth + 1);
    }
    return undefined;
  };
  const edges = new Map();
  for (const [module, { text, segments }] of files) {
    const targets = imports(text, segments).map((path) => owner(path));
    // A module that lists its parts defines nothing itself: importing it says nothing about its files.
    edges.set(module, new Set(targets.filter((one) => one !== undefined && one !== module && !isList(files.get(one).text))));
  }
  return components(edges).filter((component) => component.length > 1)
    .map((component) => component.map((module) => relative(top, files.get(module).path)).sort());
}

/** Whether a file defines nothing itself. */
function isList(text) {
  return !/^(?:pub(?:\([^)]*\))? )?(?:async )?(?:const fn|fn|struct|enum|trait|const|static|type|impl|macro_rules!)\b/m.test(text);
}

/** The strongly connected components (Tarjan, 1972). */
function components(edges) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) === index.get(node)) found.push(stack.splice(stack.indexOf(node)));
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return found;
}

const found = sources().flatMap(circles);
for (const circle of found) console.log(circle.join("\n  "));
process.exitCode = found.length > 0 ? 1 : 0;
