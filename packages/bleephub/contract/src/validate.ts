import { Ajv, type ValidateFunction } from "ajv"
import addFormats from "ajv-formats"
import { description, type DescribedOperation } from "./description.ts"

/** What an answer of the server was. */
export interface Served {
  readonly operationId: string
  readonly status: number
  readonly contentType: string | null
  readonly body: string
}

/** An answer that GitHub's description does not allow. */
export class ContractBroken extends Error {
  readonly served: Served

  constructor(served: Served, problems: string) {
    super(`${served.operationId} answered ${served.status}: ${problems}`)
    this.served = served
  }
}

const ROOT = "github"

/** These failures may come from any operation and have one form. */
const ANYWHERE = new Set([301, 304, 307, 400, 401, 403, 404, 405, 409, 410, 415, 422])

/** OpenAPI 3.0 says `nullable` beside `oneOf` and `$ref`, which JSON Schema has no word for; the whole is rewritten. */
const withNulls = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(withNulls)
  if (typeof node !== "object" || node === null) return node
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(node)) {
    copy[key] = withNulls(value)
  }
  if (copy["nullable"] === true && Array.isArray(copy["enum"])) copy["enum"] = [...copy["enum"], null]
  if (copy["nullable"] !== true || typeof copy["type"] === "string") return copy
  const { nullable: _, ...rest } = copy
  return { anyOf: [{ type: "null" }, rest] }
}

/** Holds answers against GitHub's description and counts what it has seen. */
export class Contract {
  readonly #ajv: Ajv
  readonly #operations = new Map<string, { readonly pointer: string; readonly operation: DescribedOperation }>()
  readonly #validators = new Map<string, ValidateFunction>()
  readonly #seen = new Map<string, number>()
  readonly #broken: Array<ContractBroken> = []

  constructor() {
    this.#ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, logger: false })
    addFormats.default(this.#ajv)
    this.#ajv.addSchema(Object.assign({ $id: ROOT }, withNulls(description())))
    for (const [path, item] of Object.entries(description().paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const pointer = `#/paths/${encodeURIComponent(path.replaceAll("~", "~0").replaceAll("/", "~1"))}/${method}`
        this.#operations.set(operation.operationId, { pointer, operation })
      }
    }
  }

  /** Takes one answer; what is wrong with it is kept for `broken`. */
  readonly observe = (served: Served): void => {
    const known = this.#operations.get(served.operationId)
    if (known === undefined) return this.#fail(served, "GitHub describes no such operation")
    this.#seen.set(served.operationId, (this.#seen.get(served.operationId) ?? 0) + 1)
    const answer = known.operation.responses[String(served.status)]
    if (answer === undefined) {
      if (!ANYWHERE.has(served.status)) this.#fail(served, "GitHub describes no such status")
      return
    }
    if (served.status >= 400) return
    const content = answer.content?.["application/json"]
    if (content?.schema === undefined || served.contentType?.startsWith("application/json") !== true) return
    const pointer = `${ROOT}${known.pointer}/responses/${served.status}/content/application~1json/schema`
    const validate = this.#validator(pointer)
    if (validate(JSON.parse(served.body))) return
    const problems = (validate.errors ?? [])
      .slice(0, 6)
      .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
    this.#fail(served, problems.join("; "))
  }

  /** Everything that GitHub would not have answered. */
  get broken(): ReadonlyArray<ContractBroken> {
    return this.#broken
  }

  /** The operations seen, in order of name. */
  get seen(): ReadonlyArray<string> {
    return [...this.#seen.keys()].toSorted()
  }

  /** Throws when any answer so far broke the contract. */
  assert(): void {
    if (this.#broken.length > 0)
      throw new AggregateError(this.#broken, this.#broken.map((one) => one.message).join("\n"))
  }

  #fail(served: Served, problems: string): void {
    this.#broken.push(new ContractBroken(served, problems))
  }

  #validator(pointer: string): ValidateFunction {
    const known = this.#validators.get(pointer)
    if (known !== undefined) return known
    const made = this.#ajv.compile({ $ref: pointer })
    this.#validators.set(pointer, made)
    return made
  }
}
