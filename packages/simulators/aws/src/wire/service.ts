import type { WireReply } from "@sockerless/simulator-kit"
import { randomUUID } from "node:crypto"
import type { AwsFault } from "./aws-fault.ts"
import type { Operation } from "./operation.ts"
import { membersOf } from "./xml.ts"

/** A route of a REST service: `{name}` in the pattern is one part of the path, `{name+}` the rest of it. */
export interface RestRoute {
  readonly method: string
  readonly pattern: string
  /** Status of success; 200 unless told. */
  readonly status?: number
  readonly operation: Operation
}

/** A service by the protocol it speaks. */
export type Service =
  | { readonly protocol: "json"; readonly version: "1.0" | "1.1"; readonly operations: ReadonlyArray<Operation> }
  | { readonly protocol: "query"; readonly namespace: string; readonly operations: ReadonlyArray<Operation> }
  | { readonly protocol: "ec2"; readonly namespace: string; readonly operations: ReadonlyArray<Operation> }
  | { readonly protocol: "rest-json"; readonly routes: ReadonlyArray<RestRoute> }

/** An id such as AWS gives every request. */
export const newRequestId = (): string => randomUUID()

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

const jsonType = (service: Extract<Service, { protocol: "json" }>): string =>
  `application/x-amz-json-${service.version}`

/** An answer as the protocol writes it. */
export const successReply = (service: Service, name: string, output: object, requestId: string): WireReply => {
  const headers = { "x-amzn-RequestId": requestId }
  switch (service.protocol) {
    case "json":
      return { status: 200, headers: { ...headers, "Content-Type": jsonType(service) }, body: JSON.stringify(output) }
    case "rest-json":
      return { status: 200, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(output) }
    case "query":
      return {
        status: 200,
        headers: { ...headers, "Content-Type": "text/xml" },
        body: `<${name}Response xmlns="${service.namespace}"><${name}Result>${membersOf(output, "member")}</${name}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`
      }
    case "ec2":
      return {
        status: 200,
        headers: { ...headers, "Content-Type": "text/xml;charset=UTF-8" },
        body: `${declaration}<${name}Response xmlns="${service.namespace}"><requestId>${requestId}</requestId>${membersOf(output, "item")}</${name}Response>`
      }
  }
}

/** A refusal as the protocol writes it. */
export const faultReply = (service: Service, fault: AwsFault, requestId: string): WireReply => {
  const headers = { "x-amzn-RequestId": requestId }
  const kind = fault.status >= 500 ? "Receiver" : "Sender"
  switch (service.protocol) {
    case "json":
      return {
        status: fault.status,
        headers: { ...headers, "Content-Type": jsonType(service) },
        body: JSON.stringify({ __type: fault.code, message: fault.text, ...fault.details })
      }
    case "rest-json":
      return {
        status: fault.status,
        headers: { ...headers, "Content-Type": "application/json", "x-amzn-ErrorType": fault.code },
        body: JSON.stringify({
          Type: kind === "Sender" ? "User" : "Service",
          message: fault.text,
          Message: fault.text,
          ...fault.details
        })
      }
    case "query":
      return {
        status: fault.status,
        headers: { ...headers, "Content-Type": "text/xml" },
        body: `<ErrorResponse xmlns="${service.namespace}"><Error>${membersOf({ Type: kind, Code: fault.code, Message: fault.text }, "member")}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`
      }
    case "ec2":
      return {
        status: fault.status,
        headers: { ...headers, "Content-Type": "text/xml;charset=UTF-8" },
        body: `${declaration}<Response><Errors><Error>${membersOf({ Code: fault.code, Message: fault.text }, "item")}</Error></Errors><RequestID>${requestId}</RequestID></Response>`
      }
  }
}
