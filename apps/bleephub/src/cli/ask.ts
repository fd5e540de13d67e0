import { readFile } from "node:fs/promises"
import { request } from "node:http"
import { join } from "node:path"
import type { Made, Seed } from "../server/seed.ts"

/** No server answers for this state folder. */
export class NotRunning extends Error {
  readonly kind = "unavailable"
}

const send = (socketPath: string, token: string, body: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const asked = request({ socketPath, path: "/_bleephub/seed", method: "POST", headers }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") })
      )
      response.on("error", reject)
    })
    asked.on("error", () => reject(new NotRunning(`nothing answers on ${socketPath}; start it with "bleephub"`)))
    asked.end(body)
  })

/** Has the running server make what a seed describes. */
export const askServer = async (
  state: string,
  socket: string | undefined,
  seed: Seed
): Promise<ReadonlyArray<Made>> => {
  const token = await readFile(join(state, "admin-token"), "utf8").catch(() => {
    throw new NotRunning(`no bleephub has been started on ${state}`)
  })
  const { status, text } = await send(socket ?? join(state, "bleephub.sock"), token.trim(), JSON.stringify(seed))
  if (status !== 200) throw new Error(`the server refused: ${text}`)
  const made: ReadonlyArray<Made> = JSON.parse(text)
  return made
}
