import type { Schema } from "effect"

type Json = Schema.Json
interface Node {
  [name: string]: Node | string
}

const settle = (node: Node | string): Json => {
  if (typeof node === "string") return node
  const names = Object.keys(node)
  // `Filter.1.Value.2`: numbered members are a list, in the order of their numbers.
  if (names.length > 0 && names.every((name) => /^\d+$/.test(name)))
    return names.toSorted((a, b) => Number(a) - Number(b)).map((name) => settle(node[name] ?? ""))
  // Query wraps its lists in `member`, where EC2 does not.
  const [only] = names
  if (names.length === 1 && only === "member") return settle(node["member"] ?? {})
  return Object.fromEntries(names.map((name) => [name, settle(node[name] ?? "")]))
}

/** The input of a Query request: dotted names become structures and lists. */
export const inputOfQuery = (form: URLSearchParams): Json => {
  const root: Node = {}
  for (const [path, value] of form) {
    const parts = path.split(".")
    const last = parts.pop() ?? path
    let node = root
    for (const part of parts) {
      const next = node[part]
      const child: Node = typeof next === "object" ? next : {}
      node[part] = child
      node = child
    }
    node[last] = value
  }
  return settle(root)
}
