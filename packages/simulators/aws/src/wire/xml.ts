/** A value as the XML protocols carry it; undefined members are left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | ReadonlyArray<XmlValue>
  | { readonly [name: string]: XmlValue }

/** How a protocol writes lists: EC2 wraps `item`, Query wraps `member`, S3 repeats the member's own name. */
export type ListStyle = "item" | "member" | "flat"

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#xD;"
}

const escaped = (text: string): string => text.replace(/[&<>"\r]/g, (character) => escapes[character] ?? character)

/** One element with everything in it. */
export const xmlOf = (name: string, value: XmlValue, style: ListStyle): string => {
  if (value === undefined) return ""
  if (Array.isArray(value)) {
    const items: ReadonlyArray<XmlValue> = value
    if (style === "flat") return items.map((item) => xmlOf(name, item, style)).join("")
    return `<${name}>${items.map((item) => xmlOf(style, item, style)).join("")}</${name}>`
  }
  if (typeof value !== "object") return `<${name}>${escaped(String(value))}</${name}>`
  return `<${name}>${membersOf(value, style)}</${name}>`
}

/** The members of a structure without an element around them. */
export const membersOf = (value: object, style: ListStyle): string =>
  Object.entries(value)
    .map(([name, member]: [string, XmlValue]) => xmlOf(name, member, style))
    .join("")
