import { request } from "node:http"
import { text } from "node:stream/consumers"

/** One answer of the API. */
export interface ApiReply {
  readonly status: number
  readonly body: string
}

/** One request to a daemon's unix socket, for what a suite needs beside the client it tests. */
export const apiRequest = (socketPath: string, method: string, path: string, body?: Buffer): Promise<ApiReply> =>
  new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, (reply) => {
      text(reply).then((read) => resolve({ status: reply.statusCode ?? 0, body: read }), reject)
    })
    call.once("error", reject)
    call.end(body)
  })

/** Loads an image archive. */
export const loadImage = async (socketPath: string, archive: Buffer): Promise<void> => {
  const { status, body } = await apiRequest(socketPath, "POST", "/images/load?quiet=1", archive)
  if (status !== 200 || body.includes('"error"')) throw new Error(`load was answered with ${status}: ${body}`)
}

/** Removes every container, running or not. */
export const removeContainers = async (socketPath: string): Promise<void> => {
  const listed = await apiRequest(socketPath, "GET", "/containers/json?all=1")
  const ids = [...listed.body.matchAll(/"Id":"([0-9a-f]{64})"/g)].map((match) => match[1] ?? "")
  for (const id of ids) {
    const { status, body } = await apiRequest(socketPath, "DELETE", `/containers/${id}?force=1&v=1`)
    if (![204, 404, 409].includes(status)) throw new Error(`removing ${id} was answered with ${status}: ${body}`)
  }
}
