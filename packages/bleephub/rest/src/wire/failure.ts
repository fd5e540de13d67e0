import { type HubFault, isHubFault } from "@sockerless/bleephub-core"

const STATUS: Readonly<Record<HubFault["kind"], number>> = {
  "bad-request": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "not-allowed": 405,
  conflict: 409,
  gone: 410,
  invalid: 422
}

const DOCUMENTATION = "https://docs.github.com/rest"

/** GitHub's JSON for a failure and its status; undefined for what is no fault but a defect. */
export const failureOf = (thrown: unknown): { readonly status: number; readonly body: object } | undefined => {
  if (!isHubFault(thrown)) return undefined
  const status = STATUS[thrown.kind]
  return {
    status,
    body: {
      message: thrown.message,
      ...(thrown.kind === "invalid" && thrown.errors.length > 0 && { errors: thrown.errors }),
      documentation_url: DOCUMENTATION,
      status: String(status)
    }
  }
}
