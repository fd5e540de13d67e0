import type { ContainerSnapshot } from "./snapshot.ts"

const names = (list: string | undefined): ReadonlyArray<string> => (list ?? "").split(",").filter((name) => name !== "")

/** Go's url.QueryEscape, in which Docker writes what may hold a comma or a space. */
const escaped = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, "+")

/**
 * What `docker logs --details` puts before each line: the labels and environment variables that the log options
 * `labels` and `env` name, sorted. One space when there is none, as in dockerd.
 */
export const logDetails = ({ logging, labels, process }: ContainerSnapshot["spec"]): string => {
  const env = new Map(process.env.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)]))
  const pairs = [
    ...names(logging.options["labels"]).map((name) => [name, labels[name]] as const),
    ...names(logging.options["env"]).map((name) => [name, env.get(name)] as const)
  ]
  const told = pairs
    .flatMap(([name, value]) => (value === undefined ? [] : [`${escaped(name)}=${escaped(value)}`]))
    .toSorted()
  return `${told.join(",")} `
}
