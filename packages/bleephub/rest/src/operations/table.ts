import lines from "./table.json" with { type: "json" }

/** One parameter or body field as GitHub describes it. */
export interface Field {
  readonly name: string
  readonly required: boolean
  /** JSON types, one letter each: s i n b a o, z for null; empty for anything. */
  readonly types: string
  readonly values: ReadonlyArray<string>
}

/** One operation of GitHub's REST API. */
export interface OperationRow {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly success: ReadonlyArray<number>
  readonly pathFields: ReadonlyArray<Field>
  readonly queryFields: ReadonlyArray<Field>
  readonly takesBody: boolean
  /** Undefined when the operation takes no JSON object that GitHub describes field by field. */
  readonly bodyFields: ReadonlyArray<Field> | undefined
}

const parseFields = (text: string): ReadonlyArray<Field> =>
  text === "-"
    ? []
    : text.split(/,(?![^(]*\))/).map((part) => {
        const [, name = "", bang = "", types = "", values = ""] = /^(.*?)(!?):([a-z]*)(?:\((.*)\))?$/.exec(part) ?? []
        return { name, required: bang === "!", types, values: values === "" ? [] : values.split("|") }
      })

const parseLine = (line: string): OperationRow => {
  const [id = "", method = "", path = "", success = "", inPath = "-", inQuery = "-", ...body] = line.split(" ")
  const bodyText = body.join(" ")
  return {
    id,
    method,
    path,
    success: success.split("|").map(Number),
    pathFields: parseFields(inPath),
    queryFields: parseFields(inQuery),
    takesBody: bodyText !== "-",
    bodyFields: bodyText === "*" || bodyText === "-" ? undefined : parseFields(bodyText)
  }
}

const isParameter = (segment: string): boolean => segment.startsWith("{")

/** Fixed segments before parameters, so that `/issues/comments` is not taken for an issue's number. */
const bySpecificity = (a: OperationRow, b: OperationRow): number => {
  const left = a.path.split("/")
  const right = b.path.split("/")
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = Number(isParameter(left[at] ?? "")) - Number(isParameter(right[at] ?? ""))
    if (order !== 0) return order
  }
  return right.length - left.length
}

/** Every operation GitHub describes, the more specific paths first. */
export const operationRows: ReadonlyArray<OperationRow> = lines.map(parseLine).toSorted(bySpecificity)
