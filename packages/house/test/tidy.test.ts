import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "")

const tracked = spawnSync("git", ["-C", root, "ls-files", "-z"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
const files: ReadonlyArray<string> =
  tracked.status === 0 ? tracked.stdout.split("\0").filter((path) => path !== "" && existsSync(join(root, path))) : []

const texts = new Map<string, string>()
const textOf = (path: string): string => {
  const known = texts.get(path) ?? readFileSync(join(root, path), "utf8")
  texts.set(path, known)
  return known
}

const isBinary = (path: string): boolean => /\.(png|jpe?g|gif|ico|woff2?|tar|gz|zip|pem|der|wasm)$/.test(path)
const ours = "packages/house/test/tidy.test.ts"
const readable = files.filter((path) => !isBinary(path) && path !== ours)
const isGenerated = (path: string): boolean => /(^|\/)generated\//.test(path) || path.endsWith(".d.ts")
const sources = readable.filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !isGenerated(path))
const packages = files.filter((path) => path.endsWith("/package.json") && !path.includes("/fixtures/")).map(dirname)

interface Line {
  readonly path: string
  readonly number: number
  readonly text: string
  readonly next: string
}

const linesOf = (path: string): ReadonlyArray<Line> => {
  const lines = textOf(path).split("\n")
  return lines.map((text, at) => ({ path, number: at + 1, text, next: lines[at + 1] ?? "" }))
}

/** Where lines of these files break a rule, as `file:line  text`. */
const found = (paths: ReadonlyArray<string>, breaks: (line: Line) => boolean): ReadonlyArray<string> =>
  paths
    .flatMap(linesOf)
    .filter(breaks)
    .map(({ path, number, text }) => `${path}:${number}  ${text.trim()}`)

const none = (broken: ReadonlyArray<string>): void => assert.deepStrictEqual(broken, [])

const LONGEST_FILE = 400
const LONGEST_README = 60
const vagueNames = new Set(["util", "utils", "helper", "helpers", "common", "misc", "shared", "manager", "impl", "lib"])

/** A command's own words: what `docker` or a protocol calls a file is no vagueness of ours. */
const isVague = (path: string): boolean =>
  path
    .split("/")
    .map((part) => part.replace(/\..*$/, ""))
    .some((part) => vagueNames.has(part)) && !path.startsWith(".")

const exportsOnly = (text: string): boolean =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\/\/.*$/gm, "")
    .replaceAll(/export (type )?(\*( as \w+)?|\{[^}]*\}) from "[^"]+"/g, "")
    .replaceAll(/import "[^"]+"/g, "")
    .trim() === ""

describe.skipIf(files.length === 0)(`the tree${files.length === 0 ? " (needs git)" : ""}`, () => {
  it("has no file longer than a reader can hold", () =>
    none(
      sources.flatMap((path) => {
        const { length } = textOf(path).trimEnd().split("\n")
        return length > LONGEST_FILE ? [`${path}: ${length} lines`] : []
      })
    ))

  it("names files by the domain's words, in kebab-case", () => {
    none(sources.filter(isVague))
    none(sources.filter((path) => !/^[a-z0-9.-]+$/.test(basename(path))))
  })

  it("says what every package is, briefly", () => {
    none(packages.filter((folder) => !files.includes(`${folder}/README.md`)))
    none(
      files
        .filter((path) => path.endsWith("/README.md"))
        .flatMap((path) => {
          const { length } = textOf(path).trimEnd().split("\n")
          return length > LONGEST_README ? [`${path}: ${length} lines`] : []
        })
    )
  })

  it("lists exports in index files, and has no empty modules", () => {
    none(
      sources.filter((path) => basename(path) === "index.ts" && path.includes("/src/") && !exportsOnly(textOf(path)))
    )
    none(sources.filter((path) => /^\s*export \{\}\s*$/.test(textOf(path))))
  })

  it("keeps the types honest", () =>
    none(
      found(
        sources,
        ({ text }) =>
          /\bas unknown as\b|\bas any\b|:\s*any\b|<any>|@ts-(ignore|expect-error|nocheck)\b/.test(text) &&
          !/^\s*(\/?\*|\/\/)/.test(text)
      )
    ))

  it("swallows no error without a reason", () =>
    none(found(sources, ({ text, next }) => /catch( \(\w+\))? \{\s*$/.test(text) && /^\s*\}/.test(next))))

  it("leaves no notes to itself", () => none(found(sources, ({ text }) => /\b(TODO|FIXME|HACK|XXX)\b/.test(text))))

  it("leaves out no test but by a condition of the machine", () => {
    const tests = sources.filter((path) => path.endsWith(".test.ts") || path.includes("/suite/"))
    none(found(tests, ({ text }) => /\b(it|test|describe)(\.live|\.effect)?\.(only|skip|todo|fails)\b/.test(text)))
    none(found(tests, ({ text }) => /\.(skipIf|runIf)\((true|false|1|0)\)/.test(text)))
  })

  it("names no machine and no package registry", () => {
    const places = [root, dirname(root)].filter((path) => path.split("/").length > 2)
    const registries =
      /registry\.(npmjs|yarnpkg)\.|npm\.pkg\.github|\/artifactory\/|^\s*"?registry"?\s*[=:]\s*"?https?:/
    none(found(readable, ({ text }) => places.some((place) => text.includes(place)) || registries.test(text)))
    none(found(readable, ({ text }) => /(^|[\s"'`=(])\/(Users|home)\/(?!app\b|node\b|user\b)[a-z]\w*\//.test(text)))
  })
})
