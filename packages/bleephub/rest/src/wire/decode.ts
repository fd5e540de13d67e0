import { BadRequest, invalid, unprocessable } from "@sockerless/bleephub-core"
import type { Field } from "../operations/table.ts"

const letterOf = (value: unknown): string => {
  if (value === null) return "z"
  if (Array.isArray(value)) return "a"
  if (typeof value === "number") return Number.isInteger(value) ? "i" : "n"
  return typeof value === "string" ? "s" : typeof value === "boolean" ? "b" : "o"
}

const WORDS: Readonly<Record<string, string>> = {
  s: "a string",
  i: "an integer",
  n: "a number",
  b: "a boolean",
  a: "an array",
  o: "an object",
  z: "null"
}

const admits = (field: Field, value: unknown): boolean => {
  const letter = letterOf(value)
  return field.types === "" || field.types.includes(letter) || (letter === "i" && field.types.includes("n"))
}

/** Reads a JSON body and holds it against what GitHub describes; unknown fields pass, as they do there. */
export const decodeBody = (text: string, fields: ReadonlyArray<Field> | undefined): unknown => {
  if (text.trim() === "" && fields === undefined) return undefined
  const body = parse(text.trim() === "" ? "{}" : text)
  if (fields === undefined) return body
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new BadRequest({ reason: "Body should be a JSON object" })
  }
  const known: Record<string, unknown> = { ...body }
  for (const field of fields) {
    const value = known[field.name]
    // GitHub takes null for "not said" where its description has no null.
    if (value === null && !admits(field, null)) delete known[field.name]
    else if (value !== undefined && !admits(field, value)) {
      const wanted = [...field.types].map((letter) => WORDS[letter]).join(" or ")
      throw unprocessable(
        `Invalid request.\n\nFor 'properties/${field.name}', ${JSON.stringify(value)} is not ${wanted}.`
      )
    } else if (typeof value === "string" && field.values.length > 0 && !field.values.includes(value)) {
      throw unprocessable(
        `Invalid request.\n\nFor 'properties/${field.name}', ${value} is not a member of ${JSON.stringify(field.values)}.`
      )
    }
  }
  const missing = fields.filter((field) => field.required && known[field.name] === undefined)
  if (missing.length > 0) {
    const names = missing.map((field) => `"${field.name}"`).join(", ")
    throw unprocessable(`Invalid request.\n\n${names} ${missing.length === 1 ? "wasn't" : "weren't"} supplied.`)
  }
  return known
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw Object.assign(new BadRequest({ reason: "Problems parsing JSON" }), { cause: error })
  }
}

/** Turns the texts of a path or query into what GitHub describes. A number that is none is left out. */
export const decodeTexts = (
  texts: Readonly<Record<string, string>>,
  fields: ReadonlyArray<Field>
): Record<string, unknown> => {
  const decoded: Record<string, unknown> = {}
  for (const field of fields) {
    const text = texts[field.name]
    if (text === undefined) continue
    if (field.types.includes("s")) decoded[field.name] = checkValue(field, text)
    else if (field.types === "i" || field.types === "n") {
      const number = Number(text)
      if (text !== "" && Number.isSafeInteger(number)) decoded[field.name] = number
    } else if (field.types === "b") decoded[field.name] = text === "true" || text === "1"
    else decoded[field.name] = text
  }
  return decoded
}

const checkValue = (field: Field, text: string): string => {
  if (field.values.length > 0 && !field.values.includes(text)) {
    throw invalid({ resource: "Search", field: field.name, code: "invalid", value: text })
  }
  return text
}
