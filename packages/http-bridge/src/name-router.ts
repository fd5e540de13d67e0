import type { Params, Result, Router } from "hono/router"

interface Entry<T> {
  readonly matcher: RegExp
  readonly handler: T
}

interface Table<T> {
  readonly whole: Map<string, T>
  readonly patterns: Array<Entry<T>>
}

const escaped = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)

/** `:id` is one segment, `:name{.+}` any number of them, a last `*` the rest. */
const compile = (path: string) => {
  const source = path
    .split("/")
    .map((segment) => {
      const parameter = /^:(\w+)(\{\.\+\})?$/.exec(segment)
      if (parameter !== null) return `(?<${parameter[1]}>${parameter[2] === undefined ? "[^/]+" : ".+"})`
      return segment === "*" ? ".*" : escaped(segment)
    })
    .join("/")
  return new RegExp(`^${source}$`)
}

/**
 * Hono's router for paths in which a name may hold slashes and the suffix decides the action, which Hono's own routers
 * refuse or misread. Whole paths come first, then patterns in the order of registration.
 */
export class NameRouter<T> implements Router<T> {
  name = "NameRouter"
  readonly #tables = new Map<string, Table<T>>()

  add(method: string, path: string, handler: T): void {
    let table = this.#tables.get(method)
    if (table === undefined) this.#tables.set(method, (table = { whole: new Map(), patterns: [] }))
    if (/[:*]/.test(path)) table.patterns.push({ matcher: compile(path), handler })
    else table.whole.set(path, handler)
  }

  match(method: string, path: string): Result<T> {
    const table = this.#tables.get(method)
    const whole = table?.whole.get(path)
    if (whole !== undefined) return [[[whole, {}]]]
    for (const { matcher, handler } of table?.patterns ?? []) {
      const found = matcher.exec(path)
      if (found !== null) {
        const params: Params = { ...found.groups }
        return [[[handler, params]]]
      }
    }
    return [[]]
  }
}
