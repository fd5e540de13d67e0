import type { RawReply } from "@sockerless/e2e-kit"
import { expect } from "vitest"

/** The message of an error in Docker's form; fails when the answer has any other. */
export const refusalText = (reply: RawReply): string => {
  const [head = "", ...rest] = reply.text.split("\r\n\r\n")
  expect(head.toLowerCase()).toContain("content-type: application/json")
  const body: unknown = JSON.parse(Buffer.from(rest.join("\r\n\r\n"), "latin1").toString("utf8"))
  expect(Object.keys(Object(body))).toEqual(["message"])
  return String(Object(body).message)
}

/** Status and message of a refusal, and that nothing but this one answer came before the connection was closed. */
export const expectRefusal = (reply: RawReply, status: number, message: string | RegExp): void => {
  expect(
    { status: reply.status, closed: reply.closed, answers: reply.text.match(/HTTP\/1\.1 \d{3}/g)?.length },
    reply.text.slice(0, 2000)
  ).toEqual({
    status,
    closed: true,
    answers: 1
  })
  if (typeof message === "string") expect(refusalText(reply)).toBe(message)
  else expect(refusalText(reply)).toMatch(message)
}
