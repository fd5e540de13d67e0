import { Effect } from "effect"
import { type ImageFault, imageFault } from "./faults.ts"

/** The `config` object of an image config, as it is on disk. */
export interface WritableConfig {
  User?: string
  ExposedPorts?: Record<string, object>
  Env?: ReadonlyArray<string>
  Entrypoint?: ReadonlyArray<string>
  Cmd?: ReadonlyArray<string>
  Volumes?: Record<string, object>
  WorkingDir?: string
  Labels?: Record<string, string>
  StopSignal?: string
  OnBuild?: ReadonlyArray<string>
}

/** `["a","b"]` as it is, anything else through the shell. */
const command = (text: string): ReadonlyArray<string> => {
  if (!text.startsWith("[")) return ["/bin/sh", "-c", text]
  const parsed: unknown = JSON.parse(text)
  if (Array.isArray(parsed) && parsed.every((part) => typeof part === "string")) return parsed
  throw new Error("not a list of strings")
}

const words = (text: string): ReadonlyArray<string> =>
  text.startsWith("[") ? command(text) : text.split(/\s+/).filter((word) => word !== "")

const unquote = (text: string): string => text.replace(/^"(.*)"$/, "$1").replace(/^'(.*)'$/, "$1")

/** `a=1 b="two words"`, or the old `a one value`. */
const pairs = (text: string): ReadonlyArray<readonly [string, string]> => {
  const found = [...text.matchAll(/(?<!\S)([^\s=]+)=("[^"]*"|'[^']*'|\S*)/g)]
  if (found.length > 0) return found.map(([, key = "", value = ""]) => [key, unquote(value)])
  const [key = "", ...rest] = text.split(/\s+/)
  return [[key, rest.join(" ")]]
}

const setOf = (keys: ReadonlyArray<string>): Record<string, object> => Object.fromEntries(keys.map((key) => [key, {}]))

const appliers: Readonly<Record<string, (config: WritableConfig, text: string) => WritableConfig>> = {
  CMD: (config, text) => ({ ...config, Cmd: command(text) }),
  ENTRYPOINT: (config, text) => ({ ...config, Entrypoint: command(text) }),
  ENV: (config, text) => {
    const given = pairs(text)
    const names = new Set(given.map(([key]) => key))
    const kept = (config.Env ?? []).filter((entry) => !names.has(entry.split("=", 1)[0] ?? ""))
    return { ...config, Env: [...kept, ...given.map(([key, value]) => `${key}=${value}`)] }
  },
  EXPOSE: (config, text) => ({
    ...config,
    ExposedPorts: {
      ...config.ExposedPorts,
      ...setOf(words(text).map((port) => (port.includes("/") ? port : `${port}/tcp`)))
    }
  }),
  LABEL: (config, text) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(text)) } }),
  ONBUILD: (config, text) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), text] }),
  STOPSIGNAL: (config, text) => ({ ...config, StopSignal: text }),
  USER: (config, text) => ({ ...config, User: text }),
  VOLUME: (config, text) => ({ ...config, Volumes: { ...config.Volumes, ...setOf(words(text)) } }),
  WORKDIR: (config, text) => ({ ...config, WorkingDir: text })
}

/** Applies Dockerfile instructions (`--change`) to a config; an unknown or malformed one is refused by name. */
export const applyChanges = (
  config: WritableConfig,
  changes: ReadonlyArray<string>
): Effect.Effect<WritableConfig, ImageFault> =>
  Effect.try({
    try: () =>
      changes.reduce((current, change) => {
        const [, instruction = "", text = ""] = /^(\w+)\s+([\s\S]*)$/.exec(change.trim()) ?? []
        const apply = appliers[instruction.toUpperCase()]
        if (apply === undefined)
          throw new Error(`${instruction === "" ? change : instruction.toLowerCase()} is not a valid change command`)
        return apply(current, text)
      }, config),
    catch: (cause) => imageFault("invalid", cause instanceof Error ? cause.message : String(cause))
  })
